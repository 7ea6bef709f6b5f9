"""Pictures from a process that is warm.

The first picture of a process costs more than all the others of a report, and the program that draws starts threads, so that
no process that is to be forked may hold it. A run of many reports therefore keeps drawing processes beside it, and each
report asks one of them: `drawn` connects to the address in ``ACCTLIB_PICTURES``, and draws by itself where there is none.
Some texts abort the drawing process, which cannot be caught; it is then started again by whoever started it, and only the
chart that did it is refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import sys
import threading
from typing import Any

__all__ = ["ADDRESS", "drawn"]

#: Environment variable that names the drawing process: an abstract socket of this machine, without its leading NUL.
ADDRESS = "ACCTLIB_PICTURES"
#: A chart is drawn in a tenth of a second; one that takes so long never ends.
_SECONDS = 60


def drawn(spec: dict[str, Any]) -> str:
    """Return a Vega-Lite specification drawn as SVG.

    Raises
    ------
    ValueError
        If it can't be drawn.
    """
    address = os.environ.get(ADDRESS)
    if not address:
        import vl_convert  # starts threads, so it is loaded in the process that draws and not before

        return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    order = json.dumps(spec).encode()
    for _ in range(3):  # more than once for a chart that met a process which another chart had just aborted
        with contextlib.suppress(OSError, EOFError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_SECONDS)
            line.connect(f"\0{address}")
            _send(line, order)
            answer = json.loads(_received(line))
            if "svg" in answer:
                return answer["svg"]
            raise ValueError(f"a chart can't be drawn: {answer['failed']}")
    raise ValueError("a chart can't be drawn: the drawing process ends when it tries; look for odd characters in its labels")


def _send(line: socket.socket, content: bytes) -> None:
    line.sendall(struct.pack("!Q", len(content)) + content)


def _received(line: socket.socket) -> bytes:
    (length,) = struct.unpack("!Q", _exactly(line, 8))
    return _exactly(line, length)


def _exactly(line: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        part = line.recv(min(length, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _serve(listening: socket.socket) -> None:
    """Draw for whoever of this user connects, one chart after the other."""
    import vl_convert

    while True:
        line, _ = listening.accept()
        with contextlib.suppress(OSError, EOFError), line:
            _, user, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            if user != os.getuid():
                continue
            line.settimeout(_SECONDS)
            try:
                answer = {"svg": vl_convert.vegalite_to_svg(json.loads(_received(line)), allowed_base_urls=[])}
            except ValueError as error:
                if "oneshot canceled" in str(error):  # the thread that draws is gone, for whatever reason, and stays away
                    return
                answer = {"failed": " ".join(str(error).split())[:200]}
            _send(line, json.dumps(answer).encode())


def _die_with_parent() -> None:
    os.read(0, 1)
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _serve(socket.socket(fileno=int(sys.argv[1])))
