"""Run batches into a disk that is full, to this or that degree, and say what stands afterwards. Run as a program by test_kills.

The outputs are a small disk in memory, mounted where only this process and those that it starts see it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from killed_batches import Judge

#: Bytes that are left on the disk when a run begins.
LEVELS = (
    0,
    4096,
    8192,
    20_000,
    60_000,
    200_000,
    460_000,
    700_000,
    950_000,
    1_200_000,
    1_500_000,
    1_900_000,
    2_400_000,
    3_000_000,
)
_SMALL = "size=6m,nr_inodes=400"


def mount(place: Path, options: str) -> None:
    """Mount a disk in memory, or change the one that is there."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)


def fill(judge: Judge, left: int) -> Path:
    """Fill the disk but for so many bytes."""
    filler = judge.out / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 12)):
            pass
    if left:
        os.truncate(filler, max(0, filler.stat().st_size - left))
    return filler


def full(judge: Judge, what: str) -> None:
    """Run where there is too little room, and note what is wrong with what it says and leaves."""
    code, said = judge.wait(judge.start()), judge.said()
    if code not in (0, 1, 2):
        judge.wrong.append(f"{what}: ended with {code}: {said}")
    judge.seen[f"ended with {code}"] += 1
    if not said or re.search("Traceback|Errno|Error:", said.replace("Error: outputs/", "")):
        judge.wrong.append(f"{what}: says no sentence: {said}")
    for sentence in re.findall(r"^(?:failed .*?\): |Error: )(.*)", said, re.MULTILINE):
        judge.seen[f"said: {sentence}"] += 1
    if not judge.ended():
        judge.wrong.append(f"{what}: processes are left")
    judge.judge(what)
    if odd := [name for name in judge.files() if Path(name).name.startswith(".") and Path(name).name != ".failed.json"]:
        judge.wrong.append(f"{what}: {odd} are left")
    judge.seen["made"] += len(re.findall("^made  ", said, re.MULTILINE))


def again(judge: Judge, what: str) -> None:
    """Run once more, with room."""
    if (code := judge.wait(judge.start())) != 0:
        judge.wrong.append(f"{what}: with room again it ended with {code}: {judge.said()}")
    (judge.out / ".failed.json").unlink(missing_ok=True)
    judge.undisturbed(f"{what}, with room again")


def inodes(judge: Judge) -> list[Path]:
    """Use up the number of files that the disk may hold."""
    many = []
    with contextlib.suppress(OSError):
        for n in range(1000):
            many.append(judge.out / f"filler-{n}")
            many[-1].touch()
    return many


def main() -> None:
    root, levels = Path(sys.argv[1]).resolve(), LEVELS[:: int(sys.argv[2])]
    from acctlib.run import preloaded

    preloaded._import_all()
    (root / "outputs").mkdir(parents=True)
    mount(root / "outputs", _SMALL)
    judge = Judge(root)
    for left in levels:
        judge.change(())
        filler = fill(judge, left)
        full(judge, f"{left} bytes are left")
        filler.unlink()
        again(judge, f"{left} bytes are left")
    for spared in (0, 1, 3, 12)[:: int(sys.argv[2])]:
        judge.change(())
        many = inodes(judge)
        for path in many[len(many) - spared - 1 :]:
            path.unlink(missing_ok=True)
        full(judge, f"{spared} files may be made")
        for path in many:
            path.unlink(missing_ok=True)
        again(judge, f"{spared} files may be made")
    judge.change(())
    mount(judge.out, f"remount,ro,{_SMALL}")
    code = judge.wait(judge.start())
    if code != 2 or "outputs/ must be a folder that can be written" not in judge.said():
        judge.wrong.append(f"read only: ended with {code}: {judge.said()}")
    judge.judge("read only")
    mount(judge.out, f"remount,rw,{_SMALL}")
    again(judge, "read only")
    json.dump({"wrong": judge.wrong, "seen": dict(sorted(judge.seen.items()))}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
