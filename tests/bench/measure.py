"""Whole processes, measured: time, processor time, peak memory; two commands in turn."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PIPE = os.environ.get("PIPE", str(TARGET / "release" / "pipe"))
RUNS = int(os.environ.get("RUNS", "5"))


class Missing(Exception):
    """What a measure needs and does not find."""


class Once:
    """A process that has ended: `seconds`, `cpu` (user and system seconds), `megabytes` at its peak, `out`."""

    def __init__(self, command, exits=(0,), folder=None):
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            began = time.perf_counter()
            process = subprocess.Popen(command, stdout=out, stderr=err, cwd=folder)
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu = usage.ru_utime + usage.ru_stime
            self.megabytes = usage.ru_maxrss / 1024
            out.seek(0)
            err.seek(0)
            self.out = out.read()
            if process.returncode not in exits:
                told = err.read() or self.out
                raise SystemExit(f"{' '.join(map(str, command))[:200]}: exit {process.returncode}\n{told[-2000:]}")


def several(name, label, make, runs=RUNS, exits=(0,)):
    """Runs a command after a warm-up; `make` gives a command and what cleans up after it."""
    return pairs(name, [(label, make)], runs, exits)[0]


def pairs(name, sides, runs=RUNS, exits=(0,)):
    """Runs the commands of `sides` (label and `make`) in turn, after a warm-up of each: a slow minute hits all of them."""
    done = [[] for _ in sides]
    for i in range(runs + 1):
        for side, (_, make) in zip(done, sides):
            command, clean = make()
            try:
                once = Once(command, exits)
            finally:
                clean()
            if i > 0:
                side.append(once)
    for (label, _), side in zip(sides, done):
        seconds = [o.seconds for o in side]
        print(
            f"{name:8} {label:14} median {statistics.median(seconds):.3f} s  min {min(seconds):.3f}  max {max(seconds):.3f}"
            f"  cpu {median(side, 'cpu'):.3f} s  peak {peak(side):.0f} MB",
            flush=True,
        )
    return done


def median(side, what="seconds"):
    return statistics.median(getattr(o, what) for o in side)


def peak(side):
    return max(o.megabytes for o in side)


def ratio(a, b, what="seconds"):
    """The median of the ratios, pair by pair."""
    return statistics.median(getattr(x, what) / getattr(y, what) for x, y in zip(a, b))


def project(program, files, *options, before=None):
    """Runs a program of this folder anew each time: no state, no output. `files`: name in the project to path.
    `before`: a folder to start from instead of an empty one."""

    def make():
        folder = Path(tempfile.mkdtemp(prefix="pipe-bench-"))
        if before:
            shutil.copytree(before, folder, symlinks=True, dirs_exist_ok=True)
        for file in {"source.pipe", program}:
            shutil.copy(HERE / file, folder / file)
        for name, path in files.items():
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(path)
        command = [PIPE, "run", str(folder / program), "--format", "json", *options]
        return command, lambda: shutil.rmtree(folder)

    return make
