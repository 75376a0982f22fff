#!/usr/bin/env python3
"""Whether an engine's inference takes as long in two builds of this tool, to a percent or better.

    "$(setup/python_env.sh models)" tests/experiments/two_workers.py OLD/build/release/bin NEW/build/release/bin
        MODEL... [--starts=5] [--only-conversion]

Where a machine's speed drifts by more than that from run to run, two runs can't say. So the engines'
processes of both builds are alive at once and take turns of 0.1 s (or one inference), as candidates of one run do: the
other is stopped meanwhile, and who is first alternates. Each build simplifies the model itself. Both
processes are restarted several times. Prints a line per model and engine: new / old time with a
95 % interval over starts (Student's t of the logarithms; of one start the median over pairs of
turns), and the conversion's time in both, the minimum. With `--only-conversion` one line per model
and importing engine: new / old of the conversion, with an interval, and both medians in s. The old
build is of the protocol before `measurements` (its requests say `experiments` and nanoseconds).
"""

import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx

ENGINES = ("onnxruntime", "openvino", "pytorch", "tensorflow", "tvm")
IMPORTERS = ("pytorch", "tensorflow", "tvm")
PAIRS, TURN_S, WARMUP_S = 10, 0.1, 0.6
T = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}


class Worker:
    """A process of an engine, and its two pipes."""

    def __init__(self, program: Path, log: Path):
        request, self.requests = os.pipe()
        self.replies, reply = os.pipe()

        def become_worker() -> None:
            os.dup2(request, 20), os.dup2(reply, 21)
            os.dup2(20, 3), os.dup2(21, 4)
            os.setpgid(0, 0)

        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [program], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                close_fds=False, preexec_fn=become_worker)  # fmt: skip
        os.close(request), os.close(reply)
        self.reader = os.fdopen(self.replies, "r", encoding="utf-8")

    def ask(self, **request: object) -> dict:
        os.write(self.requests, (json.dumps(request) + "\n").encode())
        reply = json.loads(self.reader.readline())
        if not reply["ok"]:
            raise SystemExit(f"{request['do']}: {reply}")
        return reply

    def pause(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.requests), self.reader.close()


def write_inputs(model: onnx.ModelProto, path: Path) -> dict[str, list[int]]:
    """The shapes; sizes that the model leaves open are 1."""
    constants = {tensor.name for tensor in model.graph.initializer}
    values, data, shapes = [], b"", {}
    for value in model.graph.input:
        if value.name in constants:
            continue
        tensor = value.type.tensor_type
        shape = [d.dim_value if d.dim_value > 0 else 1 for d in tensor.shape.dim]
        array = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        numbers = np.random.default_rng(0).uniform(0, 1, shape).astype(array).tobytes()
        values.append({"name": value.name, "kind": 0, "tensors": [
            {"type": tensor.elem_type, "shape": shape, "bytes": len(numbers)}]})  # fmt: skip
        data += numbers
        shapes[value.name] = shape
    path.write_bytes(b"dnnbench values 1\n" + json.dumps(values).encode() + b"\n" + data)
    return shapes


class Build:
    def __init__(self, programs: Path, is_old: bool, folder: Path):
        self.programs, self.is_old, self.folder = programs, is_old, folder

    def config(self, model: Path, shapes: dict, simplified: str) -> dict:
        config = {"model_path": str(model), "device": "cpu", "precision": "f32", "threads": 2,
                  "optimize": True, "input_shapes": shapes, "tune_budget_s": 0.0,
                  "simplified_path": simplified, "bound_inputs_file": ""}  # fmt: skip
        if self.is_old:
            return config | {"variant": ""}
        return config | {"provider": "", "gpu_uuid": "", "io": "host", "cuda_graph": False,
                         "inlined_path": "", "original_fails": False, "inspect": False,
                         "extra_outputs": []}  # fmt: skip

    def worker(self, program: str) -> Worker:
        return Worker(self.programs / program, self.folder / "log")

    def simplify(self, model: Path, shapes: dict) -> str:
        file = str(self.folder / f"{model.stem}-{'old' if self.is_old else 'new'}")
        program = "dnnbench-engine-onnxruntime" if self.is_old else "dnnbench-simplify"
        worker = self.worker(program)
        request = {"do": "simplify", "config": self.config(model, shapes, ""), "file": file}
        worker.ask(**request, **({} if self.is_old else {"with_weights": False}))
        worker.end()
        return file

    def load(self, engine: str, config: dict) -> tuple[Worker, float]:
        worker = self.worker(f"dnnbench-engine-{engine}")
        worker.ask(do="hello", device="cpu", provider="")
        fields = {"config": config} if self.is_old else config
        return worker, worker.ask(do="load", **fields)["convert_s"]

    def get_ready(self, engine: str, config: dict, inputs: Path) -> tuple[Worker, float]:
        worker, convert_s = self.load(engine, config)
        worker.ask(do="set_inputs", file=str(inputs))
        self.time(worker, WARMUP_S)
        worker.pause()
        return worker, convert_s

    def time(self, worker: Worker, max_s: float) -> float:
        """The median of a turn, s, without its first inference, which comes after a pause."""
        slices = []
        for s in (0.0, max_s):
            if self.is_old:
                reply = worker.ask(do="slice", experiments=100000, number=1, max_s=s)
                slices.append([ns / 1e9 for ns in reply["duration_ns"]])
            else:
                reply = worker.ask(do="slice", measurements=100000, number=1, max_s=s)
                slices.append(reply["duration_s"])
        return statistics.median(slices[1])


def one_start(builds: list[Build], engine: str, configs: list[dict], inputs: Path):
    """The logarithm of new / old, and both conversion times."""
    loaded = [build.get_ready(engine, config, inputs) for build, config in zip(builds, configs)]
    ratios = []
    for pair in range(PAIRS):
        times = [0.0, 0.0]
        for side in (0, 1) if pair % 2 == 0 else (1, 0):
            worker = loaded[side][0]
            worker.resume()
            times[side] = builds[side].time(worker, TURN_S)
            worker.pause()
        ratios.append(math.log(times[1] / times[0]))
    for worker, _ in loaded:
        worker.end()
    return statistics.median(ratios), [convert_s for _, convert_s in loaded]


def conversions(builds: list[Build], engine: str, configs: list[dict], starts: int):
    """The conversion's times in both builds, of each start."""
    times = []
    for start in range(starts):
        pair = [0.0, 0.0]
        for side in (0, 1) if start % 2 == 0 else (1, 0):
            worker, pair[side] = builds[side].load(engine, configs[side])
            worker.end()
        times.append(pair)
    return times


def line(name: str, engine: str, logs: list[float], converts: list[list[float]]) -> str:
    mean = statistics.fmean(logs)
    half = T[len(logs)] * statistics.stdev(logs) / math.sqrt(len(logs))
    ratio = f"{math.exp(mean):.4f} [{math.exp(mean - half):.4f}, {math.exp(mean + half):.4f}]"
    convert = "-"
    if engine in IMPORTERS:
        convert = " ".join(f"{min(times):.3f}" for times in zip(*converts))
    return f"| {name} | {engine} | {ratio} | {convert} |"


def conversion_line(name: str, engine: str, converts: list[list[float]]) -> str:
    """Geometric mean of new / old with an interval of 95 % (normal), and both medians in s."""
    logs = [math.log(new / old) for old, new in converts]
    mean, half = statistics.fmean(logs), 1.96 * statistics.stdev(logs) / math.sqrt(len(logs))
    ratio = f"{math.exp(mean):.3f} [{math.exp(mean - half):.3f}, {math.exp(mean + half):.3f}]"
    medians = [statistics.median(times) for times in zip(*converts)]
    return f"| {name} | {engine} | {ratio} | {medians[0]:.4f} {medians[1]:.4f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--starts", type=int, default=5, help="2 to 10; of conversion 2 or more")
    parser.add_argument("--only-conversion", action="store_true")
    options = parser.parse_args()
    print("| model | engine | new / old | convert_s, old and new |\n|---|---|---|---|", flush=True)
    means = []
    with tempfile.TemporaryDirectory() as folder:
        builds = [Build(options.old, True, Path(folder)), Build(options.new, False, Path(folder))]
        for model in options.models:
            inputs = Path(folder) / "inputs"
            shapes = write_inputs(onnx.load(model, load_external_data=False), inputs)
            simplified = [build.simplify(model, shapes) for build in builds]
            for engine in ENGINES:
                imports = engine in IMPORTERS
                if options.only_conversion and engine not in ("pytorch", "tensorflow"):
                    continue
                configs = [build.config(model.resolve(), shapes, file if imports else "")
                           for build, file in zip(builds, simplified)]  # fmt: skip
                if options.only_conversion:
                    times = conversions(builds, engine, configs, options.starts)
                    print(conversion_line(model.stem, engine, times), flush=True)
                    means.append(statistics.fmean(math.log(new / old) for old, new in times))
                    continue
                starts = []
                for start in range(options.starts):
                    starts.append(one_start(builds, engine, configs, inputs))
                logs, converts = zip(*starts)
                means.append(statistics.fmean(logs))
                print(line(model.stem, engine, list(logs), list(converts)), flush=True)
    print(f"all: {math.exp(statistics.fmean(means)):.4f} (geometric mean)")


if __name__ == "__main__":
    main()
