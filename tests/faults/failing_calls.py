"""Lets a write, fsync, rename, open, mmap, fork or allocation of the program fail: whatever was there
before is intact, whatever is there now is whole, and the program says what happened."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

from promise import Promise

import tiny_models

CALLS = ["write", "fsync", "rename", "open", "mmap", "fork", "malloc"]
LIMIT_S = 120
# All went well, an engine ended otherwise, a person must do something, the machine was too busy.
ENDS = {0, 1, 2, 5}


class Program:
    """A run of one engine into a folder that has an earlier result of another."""

    def __init__(self, programs: Path, folder: Path):
        self.programs, self.folder, self.runs = programs, folder, 0
        self.model = tiny_models.save(tiny_models.one_node("Relu"), folder / "tiny.onnx")
        self.earlier = folder / "earlier"
        assert self.run(self.earlier, "--fake=ok,name=earlier").returncode in (0, 5)

    def run(self, output: Path, *flags: str, **environment: str) -> subprocess.CompletedProcess:
        command = [self.programs / "dnnbench", "run", self.model, f"--output={output}"]
        return subprocess.run(
            [*command, "--repeat=3", "--warmup=0", *flags],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
        )

    def run_with_fault(self, call: str, number: int) -> subprocess.CompletedProcess:
        self.runs += 1
        self.output = self.folder / f"{call}-{self.runs}"
        shutil.copytree(self.earlier, self.output)
        return self.run(
            self.output,
            "--fake=ok",
            LD_PRELOAD=str((self.programs / "dnnbench-faults.so").resolve()),
            DNNBENCH_FAULT=f"{call}:{number}",
            DNNBENCH_FAULT_COUNT=str(self.folder / "count"),
        )

    def count(self, call: str) -> int:
        assert self.run_with_fault(call, 0).returncode in (0, 5)
        return int((self.folder / "count").read_text())

    def fail(self, call: str, at_most: int) -> Promise:
        """Each of its calls once, or a seeded sample of so many."""
        count = self.count(call)
        promise = Promise(f"a failing call loses nothing and is reported: {call}, of {count} calls")
        for number in chosen(call, count, at_most):
            fault = self.what_is_lost(call, number)
            promise.check(not fault, f"{call} {number} of {count}: {fault}")
        return promise

    def what_is_lost(self, call: str, number: int) -> str:
        """ "" where nothing is."""
        earlier = {path.name: path.read_bytes() for path in self.earlier.glob("*.json")}
        run = self.run_with_fault(call, number)
        try:
            if run.returncode not in ENDS:
                return f"exit {run.returncode}: {run.stderr}"
            if "terminate called" in run.stderr or (run.returncode == 2 and not run.stderr.strip()):
                return f"not in words: {run.stderr}"
            for name, content in earlier.items():
                if (self.output / name).read_bytes() != content:
                    return f"{name} has changed"
            for path in self.output.glob("*.json"):
                json.loads(path.read_text(encoding="utf-8"))
            kinds = {path.suffix for path in self.output.iterdir()}
            if not kinds <= {".json", ".log", ".journal"}:
                return f"it leaves {kinds}"
        except (OSError, ValueError) as error:
            return str(error)
        finally:
            shutil.rmtree(self.output, ignore_errors=True)  # the guardian still clears away
        return ""


def chosen(call: str, count: int, at_most: int) -> list[int]:
    numbers = range(1, count + 1)
    if count <= at_most:
        return list(numbers)
    return sorted(random.Random(call).sample(numbers, at_most))
