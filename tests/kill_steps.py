"""Kill processes of a batch between two steps of a write. Loaded into them by killed_batches, never by the product.

The interpreter announces each opening, rename and removal of a file (audit events); syncing is not announced, so `os.fsync` is
wrapped. A file that is to be synced or renamed can be cut in half first: that is what a kill in the middle of a write leaves.
"""

from __future__ import annotations

import json
import os
import signal
import sys

#: Environment variable with the order: JSON of what is counted, at which step, who is killed, and where that is noted.
ORDER = "ACCTLIB_KILL_STEP"
_CHANGES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir")


def install(order: dict, command: int) -> None:
    """Count this process's steps on files whose path holds `order["path"]`, and kill before step number `order["step"]`.

    `order["whom"]` is self (this process), command (only the one that the user started), preloaded (the parent of this one) or
    all of them; `half` cuts the file first. With step 0 the steps are only noted, one a line, in `order["noted"]`.
    """
    steps = [0]
    true_sync = os.fsync

    def step(kind: str, path: str) -> None:
        if order["path"] not in path or "/.tmp" in path:
            return
        steps[0] += 1
        if not order["step"]:
            _add_line(order["noted"], f"{kind} {path}")
        elif steps[0] == order["step"] and _first(order["noted"]):  # a second try is to pass
            if order["half"]:
                os.truncate(path, os.stat(path).st_size // 2)
            ours, parent = os.getpid(), os.getppid()
            victims = {"self": [ours], "command": [command], "preloaded": [parent], "all": [command, parent, ours]}
            for pid in victims[order["whom"]]:
                if pid > 1:
                    os.kill(pid, signal.SIGKILL)

    def hook(event: str, args: tuple) -> None:
        if event in _CHANGES and isinstance(args[0], str):
            writes = event != "open" or (isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            if writes:
                step(event, args[0])

    def sync(file: int) -> None:
        step("sync", os.readlink(f"/proc/self/fd/{file}"))
        true_sync(file)

    os.fsync = sync
    sys.addaudithook(hook)


def _add_line(path: str, line: str) -> None:
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(number, line.encode() + b"\n")
    os.close(number)


def _first(path: str) -> bool:
    """Return whether nobody was here before."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def from_environment() -> None:
    """Do so in a process that has an order in its environment; the parent of the preloaded process is the command."""
    if said := os.environ.get(ORDER):
        install(json.loads(said), os.getppid())
