"""Attacks the real program, seeded: mutated files and models, calls of the system that fail, hostile
engines and signals at random moments.

Prints promise, tries and failures, and ends with 1 where there is a failure. `make faults` runs it at
length, tests/campaign_test.py and tests/faults_test.py in short. A number of 0 leaves that part out.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import failing_calls
from promise import Promise

import tiny_models
from processes import MARK, processes_with

LIMIT_S = 120  # of one run, far above what any takes
TIMEOUT_S = 5  # of an engine: --timeout
GONE_S = TIMEOUT_S + 1  # after its run, no process is left
TELLING = [b"\xff" * 8, b"\x00" * 8, b"\x80" * 9 + b"\x01", b"\x08\x01", b"\x1a\x7f"]
OUTCOMES = {"ok", "failed", "crashed", "timed_out", "out_of_memory", "wrong_output", "unsupported"}

# What a hostile engine does, and as what it may end. One that comes too late for it ends as ok.
INJECTIONS = {
    "zero_time": {"failed"},
    "negative_time": {"failed"},
    "overlapping_times": {"failed"},
    "uneven_times": {"failed"},
    "refuses_with_ok": {"failed"},
    "refuses_without_reason": {"failed"},
    "is_not_json": {"failed"},
    "is_deep": {"failed"},
    "says_half": {"timed_out"},
    "says_nothing": {"timed_out"},
    "speaks_twice": {"failed"},
    "no_outputs": {"failed"},
    "fifo_outputs": {"failed"},
    "negative_shape": {"failed"},
    "huge_outputs": {"failed"},
    "shows_colours": {"crashed"},
    "leaves_a_daemon": {"ok"},
    "SIGKILL": {"crashed", "failed", "out_of_memory"},
    "SIGSEGV": {"crashed", "failed"},
    "SIGTERM": {"ok"},  # what it means is the run's to decide
    "SIGSTOP": {"timed_out", "ok"},
}


def mutate(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        kind = chance.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            changed[at:at] = chance.choice(TELLING)
        elif kind == 2:
            del changed[at : at + chance.randint(1, 16)]
        elif kind == 3:
            changed[at:at] = changed[at : at + chance.randint(1, 16)]
        elif chance.random() < 0.2:
            del changed[at:]
    return bytes(changed)


class Campaign:
    def __init__(self, programs: Path, folder: Path, seed: int):
        self.programs, self.folder, self.chance = programs, folder, random.Random(seed)
        self.dnnbench = programs / "dnnbench"
        corpus = Path(__file__).parents[1] / "fuzz" / "corpus" / "onnx"
        self.seeds = [path.read_bytes() for path in sorted(corpus.iterdir())]
        self.identity = tiny_models.save(tiny_models.one_node("Identity"), folder / "identity.onnx")
        hostile = folder / "programs"
        hostile.mkdir()
        for name in ("dnnbench", "dnnbench-engine-onnxruntime", "dnnbench-engine-fake"):
            (hostile / name).write_bytes((programs / name).read_bytes())
            (hostile / name).chmod(0o755)
        engine = hostile / "dnnbench-engine-hostile"
        engine.write_bytes((programs / "dnnbench-hostile-engine").read_bytes())
        engine.chmod(0o755)
        self.with_hostile = hostile / "dnnbench"

    def call(self, command: list, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            command,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
        )

    def mutated_models(self, count: int, action: Callable[[Path], str], promise: Promise) -> None:
        for number in range(count):
            path = self.folder / "mutated.onnx"
            path.write_bytes(mutate(self.chance.choice(self.seeds), self.chance))
            fault = action(path)
            if fault:
                path.rename(self.folder / f"fault-{promise.tries}.onnx")
            promise.check(not fault, f"model {number}: {fault}")

    def inspect(self, path: Path) -> str:
        """What is wrong with the answer; "" where nothing is."""
        run = self.call([self.dnnbench, "inspect", path])
        if run.returncode not in (0, 2):
            return f"exit {run.returncode}: {run.stderr}"
        if run.returncode == 2 and len(run.stderr.splitlines()) != 1:
            return f"not one sentence: {run.stderr}"
        return ""

    def measure(self, path: Path) -> str:
        output = self.folder / "measured"
        flags = ["--onnxruntime", "--repeat=2", "--warmup=0", "--timeout=20", f"--output={output}"]
        run = self.call([self.dnnbench, "run", path, *flags])
        if run.returncode not in (0, 1, 2, 5):
            return f"exit {run.returncode}: {run.stderr}"
        for file in output.glob("*.json"):
            result = json.loads(file.read_text(encoding="utf-8"))
            file.unlink()
            if result["outcome"] not in OUTCOMES or not result["reason"].isprintable():
                return f"{result['outcome']}: {result['reason']!r}"
        return ""

    def inject(self, part: str, ended: Promise, untouched: Promise, gone: Promise) -> None:
        mark = uuid.uuid4().hex
        output = self.folder / mark
        is_signal = part.startswith("SIG")
        after = self.chance.randrange(12)
        command = [self.with_hostile, "run", self.identity, "--hostile", "--fake=ok"]
        flags = ["--repeat=30", "--warmup=0", f"--timeout={TIMEOUT_S}", f"--output={output}"]
        run = subprocess.Popen(
            [*command, *flags],
            env=os.environ
            | {
                MARK: mark,
                "DNNBENCH_HOSTILE": "" if is_signal else part,
                "DNNBENCH_HOSTILE_AFTER": str(after),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if is_signal:
            self.send(signal.Signals[part], mark)
        run.wait(timeout=LIMIT_S)
        results = {
            result["backend"]: result
            for result in map(json.loads, (path.read_text() for path in output.glob("*.json")))
        }
        what = f"{part} after {after}"
        hostile, other = results.get("hostile"), results.get("fake")
        allowed = INJECTIONS[part] | {"ok"}
        is_right = hostile is not None and hostile["outcome"] in allowed
        is_right = is_right and (hostile["outcome"] == "ok") == (hostile["reason"] == "")
        ended.check(is_right, f"{what}: {hostile and (hostile['outcome'], hostile['reason'])}")
        is_whole = other is not None and other["outcome"] == "ok" and len(other["data"]) == 30
        untouched.check(is_whole, f"{what}: {other and (other['outcome'], other['reason'])}")
        end = time.monotonic() + GONE_S
        while processes_with(mark) and time.monotonic() < end:
            time.sleep(0.05)
        gone.check(not processes_with(mark), f"{what}: {processes_with(mark)}")

    def send(self, number: signal.Signals, mark: str) -> None:
        """To the hostile engine, at a random moment of the run."""
        time.sleep(self.chance.uniform(0, 1))
        for pid, line in processes_with(mark).items():
            if "engine-hostile" in line:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass

    def injections(self, count: int) -> list[Promise]:
        promises = [
            Promise("an engine that lies, crashes, hangs or is killed ends as that, with a reason"),
            Promise("the other engine is measured as if nothing had happened"),
            Promise(f"no process is left {GONE_S} s later"),
        ]
        parts = sorted(INJECTIONS)
        for number in range(count):
            self.inject(parts[number % len(parts)], *promises)
        return promises


def attack(programs: Path, seed: int, inspect: int, run: int, injections: int) -> Iterator[Promise]:
    with tempfile.TemporaryDirectory(prefix="dnnbench-faults-") as folder:
        campaign = Campaign(programs, Path(folder), seed)
        inspected = Promise("a damaged model is shown, or refused in one sentence")
        campaign.mutated_models(inspect, campaign.inspect, inspected)
        yield inspected
        measured = Promise("a damaged model is measured, or ends as an outcome or in a sentence")
        campaign.mutated_models(run, campaign.measure, measured)
        yield measured
        yield from campaign.injections(injections)


def replay(program: Path, mutations: int) -> Iterator[Promise]:
    """One target after the other: each ends at its first fault."""
    for corpus in sorted((Path(__file__).parents[1] / "fuzz" / "corpus").iterdir()):
        with tempfile.TemporaryDirectory(prefix="dnnbench-faults-") as folder:
            command = [program.resolve(), corpus.parent, str(mutations), corpus.name]
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            inputs = re.search(r"(\d+) inputs", run.stdout)
            promise = Promise(f"a damaged file is read or refused: {corpus.name}")
            promise.tries = int(inputs[1]) if inputs else 1
            if run.returncode != 0:
                kept = Path(tempfile.gettempdir()) / f"dnnbench-{corpus.name}-fault"
                kept.write_bytes(Path(folder, "last-input").read_bytes())
                promise.failures.append(f"{kept}: exit {run.returncode}: {run.stderr}")
            yield promise


def fail_calls(programs: Path, of_each: int) -> Iterator[Promise]:
    with tempfile.TemporaryDirectory(prefix="dnnbench-faults-") as folder:
        program = failing_calls.Program(programs, Path(folder))
        for call in failing_calls.CALLS:
            yield program.fail(call, of_each)


def attacks(options: argparse.Namespace) -> Iterator[Promise]:
    """Each when it is known."""
    if options.mutations:
        yield from replay(options.replay, options.mutations)
    if options.calls:
        yield from fail_calls(options.programs, options.calls)
    yield from attack(
        options.programs, options.seed, options.inspect, options.run, options.injections
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", type=Path, help="the folder of the built programs")
    parser.add_argument("replay", type=Path, help="dnnbench-fuzz-replay, built with sanitizers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutations", type=int, default=10_000, help="of each file of the corpus")
    parser.add_argument(
        "--calls", type=int, default=1_000, help="of each kind to let fail, at most"
    )
    parser.add_argument("--inspect", type=int, default=10_000, help="damaged models to inspect")
    parser.add_argument("--run", type=int, default=500, help="damaged models to measure")
    parser.add_argument("--injections", type=int, default=1_000)
    options = parser.parse_args()
    failures = []
    print("| promise | tries | failures |\n|---|---|---|", flush=True)
    for promise in attacks(options):
        if promise.tries > 0:
            print(f"| {promise.text} | {promise.tries} | {len(promise.failures)} |", flush=True)
        failures += promise.failures
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
