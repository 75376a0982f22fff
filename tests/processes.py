"""Finds processes by a mark in their environment, which every descendant inherits."""

import os
import time
from pathlib import Path

MARK = "DNNBENCH_TEST_MARK"
LIMIT_S = 300


def processes_with(mark: str) -> dict[int, str]:
    """The command lines of all processes with that value of MARK, however they are related to us."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = os.fsdecode((folder / "cmdline").read_bytes())
        except OSError:
            pass  # ended, or not ours
    return found


def wait_until(condition) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def cache_folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "dnn-bench"


def engine_folder(engine: str) -> Path:
    """The folder of the cache that the engine's process may write."""
    return cache_folder() / "compiled" / engine


def installed_engines() -> Path:
    """Where the engines' libraries lie, which their programs find by XDG_CACHE_HOME."""
    return cache_folder() / "engines"
