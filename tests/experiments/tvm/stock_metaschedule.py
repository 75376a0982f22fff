"""stock_metaschedule.py SECONDS: what MetaSchedule's own search finds for three of ResNet-50's convolutions in so many
seconds each, and what the search of our plans finds in as many, as multiples of the usual plan's time. Run in engines/tvm with
the compiler's Python; TVM_NUM_THREADS says with how many threads.

The stock builder and runner start processes that hang with this package; these work in this process."""

import os
import sys
import tempfile
import time
import types
from pathlib import Path

import numpy as np
import tvm

sys.path.insert(0, ".")

from compiler.convolution import Convolution, Epilogue
from compiler.host_target import host_target
from compiler.kernels import make_kernel
from compiler.plans import all_plans
from compiler.records import Records, defined_module
from compiler.search import search
from compiler.trials import Bench, KernelUse, in_turns, ratio_of
from compiler.vector_unit import vector_unit_of
from tvm.ir.utils import derived_object
from tvm.s_tir import meta_schedule as ms

SHAPES = [
    Convolution(1, 28, 28, 128, 128, kernel=(3, 3), pads=(1, 1, 1, 1)),
    Convolution(1, 14, 14, 256, 256, kernel=(3, 3), pads=(1, 1, 1, 1)),
    Convolution(1, 1, 3136, 64, 256),
]
TARGET = host_target()
# All that MetaSchedule wants of psutil, which is not in the compiler's environment.
sys.modules["psutil"] = types.SimpleNamespace(cpu_count=lambda logical: os.cpu_count())
UNIT = vector_unit_of(TARGET)


class TimeIsUp(Exception):
    pass


@derived_object
class Builder(ms.builder.PyBuilder):
    def __init__(self, end: float):
        super().__init__()
        self.end, self.built = end, {}

    def build(self, build_inputs):
        results = []
        for build_input in build_inputs:
            if time.monotonic() > self.end:
                raise TimeIsUp
            name = str(len(self.built))
            try:
                self.built[name] = tvm.compile(build_input.mod, target=TARGET)
                results.append(ms.builder.BuilderResult(name, None))
            except Exception as error:  # noqa: BLE001 a candidate that can't be compiled
                results.append(ms.builder.BuilderResult(None, str(error)))
        return results


@derived_object
class Future(ms.runner.PyRunnerFuture):
    def __init__(self, seconds: list[float]):
        super().__init__()
        self.seconds = seconds

    def done(self):
        return True

    def result(self):
        return ms.runner.RunnerResult(self.seconds, None)


@derived_object
class Runner(ms.runner.PyRunner):
    def __init__(self, builder: Builder):
        super().__init__()
        self.builder = builder

    def run(self, runner_inputs):
        futures = []
        for runner_input in runner_inputs:
            function = self.builder.built[runner_input.artifact_path]["main"]
            tensors = [
                tvm.runtime.tensor(np.ones([int(size) for size in info.shape], "float32"))
                for info in runner_input.args_info
            ]
            function(*tensors)
            seconds = []
            for _ in range(3):
                start = time.perf_counter()
                function(*tensors)
                seconds.append(time.perf_counter() - start)
            futures.append(Future([min(seconds)]))
        return futures


def stock(use: KernelUse, channels: int, seconds: float) -> tuple[object, int]:
    """Its best kernel, and how many trials there were."""
    builder = Builder(time.monotonic() + seconds)
    defined = defined_module(use, channels)
    with tempfile.TemporaryDirectory() as folder:
        database = ms.database.JSONDatabase(f"{folder}/w.json", f"{folder}/t.json")
        context = ms.TuneContext(
            mod=defined,
            target=tvm.target.Target(dict(TARGET.export()) | {"num-cores": os.cpu_count()}),
            space_generator="post-order-apply",
            search_strategy="evolutionary",
            task_name="kernel",
            num_threads=2,
        )
        try:
            ms.tune_tasks(
                tasks=[context.clone()],
                task_weights=[1.0],
                work_dir=folder,
                max_trials_global=100_000,
                num_trials_per_iter=16,
                builder=builder,
                runner=Runner(builder),
                database=database,
                cost_model="random",
                measure_callbacks=[ms.measure_callback.AddToDatabase()],
            )
        except Exception:  # noqa: BLE001 the end of the time comes through the library as another
            if time.monotonic() < builder.end:
                raise
        records = Records(Path(folder) / "ours", TARGET)
        records.database = database
        found = records.best(use, channels)
        return (found[1] if found else None), len(database)


def ours(use: KernelUse, seconds: float) -> tuple[object, int]:
    with tempfile.TemporaryDirectory() as folder:
        search([use], UNIT, TARGET, Path(folder), time.monotonic() + seconds)
        records = Records(Path(folder), TARGET)
        widths = {plan.tile.channels for plan in all_plans(use.shape, UNIT)}
        found = [best for width in widths if (best := records.best(use, width))]
        return min(found, key=lambda best: best[0])[1], len(records.seconds)


def main(seconds: float) -> None:
    print("| convolution | MetaSchedule's own space | our plans |\n|---|---|---|")
    for shape in SHAPES:
        use = KernelUse(shape, Epilogue(), 1)
        usual = make_kernel(shape, Epilogue(), UNIT)
        cells = []
        for kernel, trials in (stock(use, usual.channels, seconds), ours(use, seconds)):
            bench = Bench(use, TARGET)
            if kernel is None:
                cells.append(f"none in {trials} trials")
                continue
            ratio = ratio_of(in_turns(bench.prepare(usual), bench.prepare(kernel), 15, 10))
            cells.append(f"{ratio:.2f} in {trials} trials")
        kernel_size = "x".join(map(str, shape.kernel))
        print(
            f"| {shape.in_shape} to {shape.out_channels}, {kernel_size} | {' | '.join(cells)} |",
            flush=True,
        )


if __name__ == "__main__":
    main(float(sys.argv[1]))
