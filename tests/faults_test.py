"""Every write, fsync, rename, open, mmap, fork and allocation of the program fails once: whatever was
there before is intact, whatever is there now is whole, and the program says what happened.

In the suite a seeded sample of the calls; with DNNBENCH_EVERY_FAULT=1 (make faults) all of them but
for allocations, of which 1,000."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

import tiny_models

CALLS = ["write", "fsync", "rename", "open", "mmap", "fork", "malloc"]
EVERY = os.environ.get("DNNBENCH_EVERY_FAULT") == "1"
SAMPLE = 1000 if EVERY else 12  # failing calls of each kind
LIMIT_S = 120
# All went well, an engine ended otherwise, a person is told what to do, the machine was too busy.
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
            timeout=LIMIT_S,
        )

    def run_with_fault(self, call: str, number: int) -> subprocess.CompletedProcess:
        self.runs += 1
        self.output = self.folder / f"{call}-{self.runs}"
        shutil.copytree(self.earlier, self.output)
        return self.run(
            self.output,
            "--fake=ok",
            LD_PRELOAD=str(self.programs / "dnnbench-faults.so"),
            DNNBENCH_FAULT=f"{call}:{number}",
            DNNBENCH_FAULT_COUNT=str(self.folder / "count"),
        )

    def count(self, call: str) -> int:
        assert self.run_with_fault(call, 0).returncode in (0, 5)
        return int((self.folder / "count").read_text())


@pytest.fixture
def program(programs, tmp_path):
    return Program(programs, tmp_path)


def chosen(call: str, count: int) -> list[int]:
    numbers = range(1, count + 1)
    if count <= SAMPLE:
        return list(numbers)
    return sorted(random.Random(call).sample(numbers, SAMPLE))


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_loses_nothing(program, call):
    count = program.count(call)
    assert count > 0
    earlier = {path.name: path.read_bytes() for path in program.earlier.glob("*.json")}
    for number in chosen(call, count):
        run = program.run_with_fault(call, number)
        where = f"{call} {number} of {count}: exit {run.returncode}\n{run.stderr}"
        assert run.returncode in ENDS, where
        if run.returncode == 2:
            assert run.stderr.strip() != "", where
        assert "terminate called" not in run.stderr, where
        for name, content in earlier.items():
            assert (program.output / name).read_bytes() == content, where
        for path in program.output.glob("*.json"):
            json.loads(path.read_text(encoding="utf-8"))
        kinds = {path.suffix for path in program.output.iterdir()}
        assert kinds <= {".json", ".log", ".journal"}, where
        shutil.rmtree(program.output)
