"""Runs on a GPU, played by the tests' own driver (tests/gpu/stub_driver.cpp). About half a minute."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GPU = "--device=gpu"


@pytest.fixture(scope="module")
def stub(programs):
    """stub("none"): the environment in which the driver plays that part."""

    def environment(part: str, **more: str) -> dict[str, str]:
        return os.environ | {
            "LD_LIBRARY_PATH": str(programs / "stub-driver"),
            "DNNBENCH_STUB_GPU": part,
        } | more  # fmt: skip

    return environment


ROWS = ["--ort-cuda", "--ort-tensorrt", "--tensorrt", "--pytorch", "--tf"]
SENTENCES = {
    "none": "no GPU is visible to this process",
    "old": "the NVIDIA driver is too old for CUDA 13 (it supports CUDA 12.4); install driver 580 "
    "or newer",
    "failing": "GPU 0 can't be used: CUDA error 999: unknown error",
}


@pytest.mark.parametrize("part", SENTENCES)
def test_each_row_says_why_there_is_no_gpu(bench, convolution, stub, part):
    run = bench(convolution, GPU, *ROWS, env=stub(part))
    assert run.code == 1
    assert len(run.results) == len(ROWS)
    for result in run.results.values():
        assert (result["outcome"], result["reason"]) == ("unsupported", SENTENCES[part])
        assert "gpu" not in result


# What each flag says of itself where a GPU can be used, and of a CPU.
OTHERS = ["--onnxruntime", "--openvino", "--ort-openvino"]


@pytest.fixture
def no_driver(tmp_path) -> dict[str, str]:
    """The environment of a machine whose dynamic linker finds no driver."""
    (tmp_path / "no-driver").mkdir()
    (tmp_path / "no-driver/libcuda.so.1").touch()  # cannot be opened
    return os.environ | {"LD_LIBRARY_PATH": str(tmp_path / "no-driver")}


def test_without_a_driver_each_flag_says_so(bench, convolution, no_driver):
    run = bench(convolution, GPU, *ROWS, *OTHERS, "--fake=ok", env=no_driver)
    assert run.code == 1
    assert len(run.results) == len(ROWS) + len(OTHERS) + 1
    for result in run.results.values():
        reason = (result["outcome"], result["reason"])
        assert reason == ("unsupported", "this machine has no NVIDIA driver")


def test_rows_for_gpus_stop_nothing_on_a_cpu(bench, convolution, no_driver):
    run = bench(convolution, "--ort-cuda", "--ort-tensorrt", "--tensorrt", *OTHERS, env=no_driver)
    outcomes = {name: result["outcome"] for name, result in run.results.items()}
    only_on_gpus = "it computes on GPUs only; add --device=gpu"
    for result in run.results.values():
        if result["provider"] in ("cuda", "tensorrt"):
            assert result["reason"] == only_on_gpus
        elif result["backend"] == "tensorrt":  # which is not built everywhere
            assert result["reason"].startswith((only_on_gpus, "this build of dnnbench has no"))
        elif result["provider"] != "openvino":  # which may not be installed
            assert result["outcome"] == "ok", outcomes
    assert len(outcomes) == 6


def test_engines_for_cpus_say_so_on_a_gpu(bench, convolution, stub):
    run = bench(convolution, GPU, *OTHERS, env=stub("one"))
    assert {result["reason"] for result in run.results.values()} >= {
        "ONNX Runtime computes on a GPU with --ort-cuda or --ort-tensorrt",
    }
    assert {result["outcome"] for result in run.results.values()} <= {"unsupported", "failed"}


def test_tensorrt_without_its_headers_says_where_to_read_what_it_needs(
    bench, convolution, stub, programs
):
    if (programs / "dnnbench-engine-tensorrt").exists():
        pytest.skip("it is built here")
    assert bench(convolution, GPU, "--tensorrt", env=stub("one")).only_result()["reason"] == (
        'this build of dnnbench has no engine "tensorrt"; engines/tensorrt/README.md in the source '
        "tree says what it needs"
    )


def test_without_an_engine_flag_onnxruntime_with_cuda_is_among_them(bench, convolution, stub):
    run = bench(convolution, GPU, env=stub("none"))
    assert "onnxruntime-cuda" in run.results
    assert all(result["device"] == "gpu" for result in run.results.values())
    only_on_cpus = {"onnxruntime", "openvino", "tf", "tvm", "onnxruntime-openvino"}
    assert run.results.keys() & only_on_cpus == set()


def test_engines_that_cannot_say_why(bench, convolution, stub, needs_engine):
    needs_engine("tensorflow")
    run = bench(convolution, GPU, "--tf", env=stub("one"))
    assert run.only_result()["reason"] == (
        "TensorFlow 2.21 is built for CUDA 12.5, which can't share the libraries of CUDA 13 that "
        "the other engines use"
    )


def test_facts_of_the_gpu_and_of_the_turns_are_in_the_result(bench, convolution, stub, tmp_path):
    state = tmp_path / "nvml"
    state.write_text("sm_mhz 1500\nenergy_w 50\nthrottle 4\n")
    part = "--fake=ok,duration_s=0.01"
    environment = stub("two", DNNBENCH_STUB_NVML=str(state))
    flags = ["--gpu=1", "--budget=3"]
    run = bench(convolution, GPU, part, *flags, env=environment, quick=False)
    result = run.only_result()
    assert result["outcome"] == "ok"
    gpu = result["gpu"]
    assert gpu["name"] == "Stub T4 1"
    assert gpu["uuid"].startswith("GPU-11010203-")
    assert (gpu["sm"], gpu["driver"], gpu["cuda"]) == (75, "580.00", "13.0")
    assert (gpu["ecc"], gpu["mig"], gpu["power_limit_w"]) == (True, None, 70)
    assert (gpu["lowest_sm_mhz"], gpu["highest_sm_mhz"]) == (1500, 1500)
    assert gpu["throttle"] == ["power_cap"]
    assert 0.009 < gpu["compute_p50_s"] <= result["latency_s"]["p50"]
    assert result["in_force"]["settings"]["cpu_nodes"] == "Shape fake_shape"
    assert result["dropped"] > 0  # each turn warms up


def test_energy_comes_from_turns_that_are_long_enough(bench, convolution, stub, tmp_path):
    state = tmp_path / "nvml"
    state.write_text("energy_w 50\n")
    environment = stub("one", DNNBENCH_STUB_NVML=str(state))
    part = "--fake=ok,duration_s=0.02"
    run = bench(convolution, GPU, part, "--budget=4", env=environment, quick=False)
    joules = run.only_result()["gpu"]["energy_j_per_inference"]
    # 50 W for as long as an inference and what lies between two of them takes.
    assert joules > 0.9 * 50 * 0.02


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("throttle 64", "the GPU was slowed down (hardware_thermal)"),
        ("sm_mhz_step 40", "MHz in the first turn"),
        ("process 1", "another process used the GPU"),
    ],
)
def test_what_disturbs_a_turn_is_reported(bench, convolution, stub, tmp_path, state, why):
    (tmp_path / "nvml").write_text(state + "\n")
    environment = stub("one", DNNBENCH_STUB_NVML=str(tmp_path / "nvml"))
    noise = bench(convolution, GPU, "--fake=ok", env=environment).only_result()["noise"]
    assert noise["suspect"]
    assert noise["reason"].endswith(why)


def test_a_calm_gpu_disturbs_nothing(bench, convolution, stub, tmp_path):
    (tmp_path / "nvml").write_text("sm_mhz 1500\nthrottle 4\n")  # the power cap alone
    environment = stub("one", DNNBENCH_STUB_NVML=str(tmp_path / "nvml"))
    noise = bench(convolution, GPU, "--fake=ok", env=environment).only_result()["noise"]
    assert "GPU" not in (noise["reason"] or "")


def test_an_inference_is_over_when_the_gpu_is_idle(bench, convolution, stub):
    environment = stub("one", DNNBENCH_STUB_BUSY_MS="20")
    result = bench(convolution, GPU, "--fake=ok", env=environment).only_result()
    assert result["latency_s"]["p50"] >= 0.02


def test_a_run_that_is_mostly_on_the_cpu_is_no_gpus_result(bench, convolution, stub):
    run = bench(convolution, GPU, "--fake=ok,cpu_nodes=5", env=stub("one"))
    result = run.only_result()
    assert (result["outcome"], result["reason"]) == (
        "unsupported",
        "5 of its 10 nodes run on the CPU, so this would not be a GPU's result",
    )


def test_outputs_that_stay_on_the_gpu_are_a_setting_of_their_own(bench, convolution, stub):
    run = bench(convolution, GPU, "--fake=ok", "--io=device", env=stub("one"))
    result = run.only_result()
    assert result["outcome"] == "ok"
    assert result["backend_meta"] == "ok-io=device"


def test_a_gpu_that_is_not_there_is_a_usage_error(dnnbench, convolution, stub, tmp_path):
    done = dnnbench(
        "run", convolution, GPU, "--fake=ok", "--gpu=3", f"--output={tmp_path}", env=stub("mig")
    )
    assert done.returncode == 2
    assert "--gpu=3 must name one of: MIG device 0: Stub A100 MIG 1g.5gb (MIG-" in done.stderr


def test_results_on_a_cpu_have_no_gpu(bench, convolution):
    result = bench(convolution, "--fake=ok").only_result()
    assert "gpu" not in result
    assert all("is_cpu" not in place for place in result["in_force"]["placement"])


def test_onnxruntimes_openvino_provider_is_right(bench, convolution, programs):
    run = bench(convolution, "--ort-openvino", "--threads=1", "--number=200")
    result = run.only_result()
    if "fetches it" in result["reason"]:
        pytest.skip("onnxruntime-openvino is not installed here")
    assert (result["outcome"], result["verification"]["verdict"]) == ("ok", "ok")
    assert result["in_force"]["placement"][0]["device"] == "OpenVINOExecutionProvider"
    assert result["in_force"]["threads"] == 1
    # One thread computes, whatever else the machine does.
    assert result["cpu_s_per_inference"] < 1.2 * result["mean"] / 200


def test_advice_takes_a_gpu_as_any_machine(dnnbench, bench, convolution, stub, tmp_path):
    state = tmp_path / "nvml"
    state.write_text("sm_mhz 1500\n")
    environment = stub("one", DNNBENCH_STUB_NVML=str(state))
    results = tmp_path / "results"
    for part, more in (("ok,duration_s=0.01", []), ("ok,duration_s=0.001", ["--io=device"])):
        flags = ["--instance=g4dn.xlarge", *more]
        bench(convolution, GPU, f"--fake={part}", *flags, env=environment, output=results)
    for path in results.rglob("*.json"):  # a busy machine is another reason
        result = json.loads(path.read_text(encoding="utf-8"))
        result["noise"]["suspect"] = False
        path.write_text(json.dumps(result), encoding="utf-8")
    done = dnnbench("advise", results, "--model=tiny", "--throughput=10", env=environment)
    assert "g4dn.xlarge" in done.stdout, done.stderr
    assert "its data stayed on the GPU (--io=device)" in done.stdout


def test_the_table_of_a_run_on_a_gpu(bench, convolution, stub, tmp_path):
    results = tmp_path / "results"
    for where, flags in (("host", []), ("device", ["--io=device"]), ("graph", ["--cuda-graph"])):
        bench(convolution, GPU, "--fake=ok", *flags, env=stub("one"), output=results / where)
    bench(convolution, GPU, "--tf", env=stub("none"), output=results / "none")
    (results / "bare.txt").write_text("fake/ok tiny f32 0.000001\n")
    script = Path(__file__).parent / "gpu/table.py"
    done = subprocess.run([sys.executable, script, results], capture_output=True, text=True)
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if "tiny" in line]
    settings = {row[2]: row for row in rows if row[1] == "fake ok"}
    assert set(settings) == {"f32", "f32, data on the GPU", "f32, CUDA graph"}, done
    assert settings["f32"][-1] == "ok"
    assert float(settings["f32"][5]) > 0  # beside the bare loop, with the same copies alone
    assert settings["f32, data on the GPU"][5] == settings["f32, CUDA graph"][5] == "-"
    (unsupported,) = [row for row in rows if row[1].startswith("tf")]
    assert unsupported[-1] == "no GPU is visible to this process"
    assert "on Stub T4 0 (sm_75), driver 580.00, limit 70 W" in done.stdout
