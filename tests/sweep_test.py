"""--batch and --threads with lists, and throughput mode, which tries settings itself."""

import os

import pytest

import tiny_models


@pytest.fixture(scope="module")
def open_batch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    return tiny_models.save(tiny_models.convolution(batch="N"), folder / "tiny.onnx")


def test_each_batch_has_a_result_of_its_own(bench, open_batch):
    run = bench(open_batch, "--onnxruntime", "--batch=1,3")
    assert run.code == 0
    assert set(run.results) == {"onnxruntime-cpu-batch=1", "onnxruntime-cpu-batch=3"}
    result = run.results["onnxruntime-cpu-batch=3"]
    assert result["batch"] == 3
    assert result["input_shapes"] == {"x": [3, 3, 8, 8]}
    assert result["verification"]["verdict"] == "ok"
    assert "inputs x[1,3,8,8]" in run.stdout and "inputs x[3,3,8,8]" in run.stdout
    summary = run.stdout[run.stdout.index("All batches:") :]
    assert [row.split()[:2] for row in summary.splitlines()[4:6]] == [
        ["onnxruntime", "1"],
        ["onnxruntime", "3"],
    ]
    assert "with batch " in summary or run.disturbed


def test_a_model_with_a_fixed_batch_says_so(bench, convolution):
    run = bench(convolution, "--onnxruntime", "--batch=4")
    assert run.code == 2
    assert (
        "--batch=4 can't be run: the model fixes the batch of its inputs (x float32[1,3,8,8]); "
        "export it with an open first dimension" in run.stderr
    )
    alone = bench(convolution, "--onnxruntime", "--batch=1")
    assert alone.code == 0 and "All batches" not in alone.stdout


def test_thread_counts_take_turns_with_each_other(bench, convolution):
    run = bench(convolution, "--onnxruntime", "--threads=1,2")
    assert set(run.results) == {"onnxruntime-cpu-threads=1", "onnxruntime-cpu-threads=2"}
    for name, result in run.results.items():
        assert result["threads"] == result["in_force"]["threads"] == int(name[-1])
        assert result["batch"] is None
    assert len({result["run_id"] for result in run.results.values()}) == 1
    assert ": 1 or 2 threads, " in run.stdout


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino", "pytorch", "tf", "tvm"])
def test_a_process_keeps_to_its_cores(bench, needs_engine, open_batch, engine):
    """Whatever the library does with the cores it finds."""
    needs_engine("tensorflow" if engine == "tf" else engine)
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there are no two cores")
    flags = ["--mode=load", "--rate=50", "--repeat=20", "--streams=2", "--threads=1"]
    run = bench(open_batch, f"--{engine}", *flags, quick=False)
    result = run.only_result()
    assert result["outcome"] == "ok", result["reason"]
    assert_cores_are_their_own(result, result["environment"])
    assert len(set(map(tuple, result["process_cores"]))) == 2


def test_more_threads_than_cores_have_all_of_them(bench, open_batch):
    flags = ["--mode=load", "--rate=50", "--repeat=20", "--streams=2", "--threads=64"]
    assert (
        bench(open_batch, "--onnxruntime", *flags, quick=False).only_result()["process_cores"]
        is None
    )


@pytest.fixture(scope="module")
def throughput(bench, open_batch):
    flags = ["--mode=throughput", "--batch=1,2", "--slo-p99=10", "--budget=40"]
    return bench(open_batch, "--fake=ok,duration_s=0.002", *flags, quick=False)


def assert_cores_are_their_own(setting: dict, environment: dict) -> None:
    """One process has all cores; of several, each some that no other has."""
    shares = setting["process_cores"]
    if setting["streams"] == 1:
        assert shares is None
        return
    assert len(shares) == setting["streams"]
    assert all(len(cores) >= setting["threads"] for cores in shares)
    each = [core for cores in shares for core in cores]
    assert len(set(each)) == len(each) <= environment["affinity_cores"]


def can_be_chosen(found: dict) -> list[int]:
    """Not those that were disturbed, of which it is unknown whether they keep the bound."""
    return [i for i, setting in enumerate(found["tried"]) if setting["reason"] == ""]


def test_every_setting_that_was_tried_is_reported(throughput):
    result = throughput.only_result()
    assert result["mode"] == "throughput"
    found = result["throughput"]
    assert {setting["batch"] for setting in found["tried"]} <= {1, 2}
    first = can_be_chosen(found)[0]  # with which later ones were compared
    for index, setting in enumerate(found["tried"]):
        assert setting["streams"] * setting["threads"] <= result["environment"]["affinity_cores"]
        assert throughput.disturbed or (setting["against"] is None) == (index <= first)
        assert setting["per_s"] > 0 and setting["peak_rss_bytes"] > 0
        assert_cores_are_their_own(setting, result["environment"])
    best = found["tried"][found["chosen"]]
    assert result["process_cores"] == best["process_cores"]
    assert result["throughput_per_s"] == best["per_s"]
    assert (result["streams"], result["threads"]) == (best["streams"], best["threads"])
    assert result["batch"] == best["batch"]
    assert found["slo_p99_s"] == 10 and best["reason"] == ""
    assert throughput.disturbed if best["p99_s"] is None else best["p99_s"] <= 10
    assert "has the highest throughput" in throughput.stdout or throughput.disturbed


def test_items_of_a_batch_are_counted(throughput):
    """Throughput times the time of an inference is how many items are under way."""
    result = throughput.only_result()
    under_way = result["throughput_per_s"] * result["mean"]
    items = result["streams"] * result["batch"]
    assert throughput.disturbed or 0.6 * items < under_way < 1.5 * items


def test_the_setting_found_to_be_faster_is_chosen(throughput):
    found = throughput.only_result()["throughput"]
    known = can_be_chosen(found)
    faster = [i for i in known if found["tried"][i]["relation"] == "faster"]
    assert found["chosen"] == max(faster, default=known[0])  # each had beaten the best until then
    for setting in found["tried"]:
        low, high = setting["speed_interval"] or (0, float("inf"))
        assert (setting["relation"] == "faster") == (low > 1.01)
        assert (setting["relation"] == "slower") == (high < 1 / 1.01)


def test_the_setting_found_is_reported_as_load_mode_calls_it(bench, tmp_path):
    """Four items take no longer than one, and nothing is faster than the clock that it waits for."""
    model = tiny_models.save(tiny_models.convolution(batch="N"), tmp_path / "tiny.onnx")
    flags = ["--mode=throughput", "--batch=1,4", "--threads=1", "--budget=30"]
    run = bench(model, "--fake=ok,duration_s=0.003", *flags, quick=False)
    assert run.code == 0
    result = run.only_result()
    for setting in result["throughput"]["tried"]:
        assert setting["per_s"] <= setting["batch"] * setting["streams"] / 0.003
    streams = f"-streams={result['streams']}" if result["streams"] > 1 else ""
    threads = (
        "-threads=1" if result["streams"] * 2 <= result["environment"]["physical_cores"] else ""
    )
    batch = f"-batch={result['batch']}" if result["batch"] > 1 else ""
    assert result["throughput"]["settings"] == f"ok_duration_s=0.003{streams}{threads}{batch}"


def test_a_setting_that_breaks_the_bound_is_not_chosen(bench, convolution):
    flags = ["--mode=throughput", "--slo-p99=0.001", "--budget=10"]
    run = bench(convolution, "--fake=ok,duration_s=0.002", *flags, quick=False)
    result = run.only_result()
    if not result["noise"]["suspect"]:
        assert result["outcome"] == "unsupported"
        assert "an inference takes up to" in result["reason"]
        return
    tried = result["throughput"]["tried"]  # the bound was judged of what was not disturbed
    assert tried[result["throughput"]["chosen"]]["p99_s"] is None
    judged = [setting for setting in tried if setting["p99_s"] is not None]
    assert all("an inference takes up to" in setting["reason"] for setting in judged)


def test_an_engine_that_can_not_be_set_up_is_an_outcome(bench, convolution):
    flags = ["--mode=throughput", "--budget=5"]
    run = bench(convolution, "--fake=crash_on_load", *flags, quick=False)
    assert run.code == 1
    assert run.only_result()["outcome"] == "crashed"


def test_a_batch_that_the_model_does_not_take_is_refused_before_anything_is_measured(
    bench, convolution
):
    flags = ["--mode=throughput", "--batch=1,4", "--budget=10"]
    run = bench(convolution, "--fake=ok,duration_s=0.002", *flags, quick=False)
    assert run.code == 2
    assert "--batch=4 can't be run: the model fixes the batch of its inputs" in run.stderr
    assert run.files() == []  # not even a journal


def test_a_batch_that_memory_does_not_hold_takes_nothing_from_the_others(bench, tmp_path):
    node = tiny_models.helper.make_node("Relu", ["x"], ["y"])
    ends = [tiny_models.tensor(name, ["N", 1_000_000]) for name in "xy"]
    model = tiny_models.save(
        tiny_models.model_of([node], ends[:1], ends[1:]), tmp_path / "large.onnx"
    )
    flags = ["--mode=throughput", "--batch=1,1000000", "--threads=1", "--streams=1", "--budget=30"]
    run = bench(model, "--fake=ok,duration_s=0.002", *flags, quick=False)
    assert run.code == 0
    first, second = run.only_result()["throughput"]["tried"]
    assert first["per_s"] > 0 and first["reason"] == ""
    assert second["reason"].startswith("failed: inputs of these shapes (x 1000000x1000000) take ")
