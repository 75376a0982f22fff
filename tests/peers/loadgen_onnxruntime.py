"""ONNX Runtime as MLPerf's system under test: LoadGen issues one query at a time and times it.

    python loadgen_onnxruntime.py MODEL THREADS SECONDS [DIMENSION:SIZE]... INPUT=FILE.npy...

Prints the median and the 90th percentile of the latencies, in seconds, as JSON.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path

import mlperf_loadgen as loadgen
import numpy as np

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when the library is loaded

import onnxruntime  # noqa: E402

WARMUP = 50  # inferences


def session_of(model: str, threads: int, sizes: dict[str, int]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    for dimension, size in sizes.items():
        options.add_free_dimension_override_by_name(dimension, size)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def settings_of(seconds: float) -> loadgen.TestSettings:
    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.SingleStream
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.min_duration_ms = round(1000 * seconds)
    settings.min_query_count = 100
    return settings


def percentile_s(summary: str, percent: str) -> float:
    (nanoseconds,) = re.findall(rf"^{percent} percentile latency \(ns\) *: (\d+)$", summary, re.M)
    return int(nanoseconds) / 1e9


def main() -> None:
    model, threads, seconds, *rest = sys.argv[1:]
    sizes = {
        name: int(size) for name, _, size in (one.rpartition(":") for one in rest if "=" not in one)
    }
    inputs = {
        name: np.load(file) for name, _, file in (one.rpartition("=") for one in rest if "=" in one)
    }
    session = session_of(model, int(threads), sizes)
    for _ in range(WARMUP):
        session.run(None, inputs)

    def issue(samples: list[loadgen.QuerySample]) -> None:
        for sample in samples:
            session.run(None, inputs)
            loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(sample.id, 0, 0)])

    system = loadgen.ConstructSUT(issue, lambda: None)
    library = loadgen.ConstructQSL(1, 1, lambda samples: None, lambda samples: None)
    with tempfile.TemporaryDirectory() as folder:
        log = loadgen.LogSettings()
        log.log_output.outdir = folder
        log.enable_trace = False
        loadgen.StartTestWithLogSettings(system, library, settings_of(float(seconds)), log)
        summary = (Path(folder) / "mlperf_log_summary.txt").read_text()
    print(
        json.dumps({"p50": percentile_s(summary, "50.00"), "p90": percentile_s(summary, "90.00")})
    )


if __name__ == "__main__":
    main()
