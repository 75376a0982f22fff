import json
import math
from pathlib import Path

import pytest

from candidates import T_975, candidates, interval_of, slowest
from comparisons import compare
from machines import fleets
from read_results import read_result

SAMPLE = (
    Path(__file__)
    .resolve()
    .parent.parent.joinpath(
        "tests", "golden", "results", "c5a.4xlarge", "resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
    )
)
PRICES = {"c5a.4xlarge": 0.616}


@pytest.fixture
def planned(tmp_path):
    """From what differs from the sample to (engine, settings) of the candidates, and the reasons."""

    def plan(*differences: dict):
        results = []
        for i, keys in enumerate(differences):
            path = tmp_path / f"{i}.json"
            sample = json.loads(SAMPLE.read_text(encoding="utf-8")) | keys
            path.write_text(json.dumps({k: v for k, v in sample.items() if v is not None}))
            results.append(read_result(path))
        found, out = candidates(compare(results), PRICES)
        return [candidate for _, candidate in found], [reason for _, reason in out]

    return plan


BUSY = {"noise": {"run_queue_wait_share": 0.4, "suspect": True}}


def test_the_newest_counts_whatever_the_order_of_files(planned):
    new = {"data": [0.5], "started_at": "2026-11-24T00:00:00Z"}
    old = {"data": [0.1], "started_at": "2026-11-20T00:00:00Z"}
    for pair in ((new, old), (old, new)):
        [candidate], [reason] = planned(*pair)
        assert candidate.throughput_per_s == 2 and "newer" in reason


def test_a_suspect_one_counts_only_alone_and_then_is_out(planned):
    newer = {"data": [0.5], "started_at": "2026-11-24T00:00:00Z"} | BUSY
    [candidate], _ = planned(newer, {"data": [0.1]})
    assert candidate.throughput_per_s == 10
    found, [reason] = planned(newer)
    assert found == [] and "busy" in reason


def under_traffic(*rates: tuple, **keys: object) -> dict:
    found = [
        {"rate_per_s": rate, "p99_s": p99_s, "verdict": "carried" if p99_s else "overloaded"}
        for rate, p99_s in rates
    ]
    traffic = {"settings": "cpu", "carried_per_s": 1, "rates": found}
    return {"mode": "load", "backend_meta": "cpu-mode=load-rate=5", "load": traffic} | keys


def test_measured_rates_belong_to_the_engine_measured_one_request_at_a_time(planned):
    new, old = {"started_at": "2026-11-24T00:00:00Z"}, {"started_at": "2026-11-20T00:00:00Z"}
    [candidate], out = planned(
        under_traffic((6, 0.5), (2, 0.2), **new), {}, under_traffic((6, 0.9), (9, None), **old)
    )
    assert candidate.measured_rates == ((2, 0.2), (6, 0.5), (9, None))
    assert out == []
    [candidate], _ = planned({}, under_traffic((6, 0.5)) | BUSY)
    assert candidate.measured_rates == ()


@pytest.mark.parametrize(
    "other",
    [
        {"engine_version": "1"},
        {"model_sha256": None},
        {"threads": 7},
        {"environment": {"affinity_cores": 1}},
        {"environment": {"cgroup_cpu_quota": 1.5}},
    ],
)
def test_only_rates_measured_alike_belong_together(planned, other):
    november = under_traffic((31, 0.02), (90, 0.03), started_at="2026-11-04T00:00:00Z")
    january = under_traffic((30, 0.02), (40.3, None), started_at="2026-01-04T00:00:00Z") | other
    [candidate], _ = planned({}, november, january)
    assert candidate.measured_rates == ((31, 0.02), (90, 0.03))
    [candidate], _ = planned({}, november, january | {"started_at": "2026-12-04T00:00:00Z"})
    assert candidate.measured_rates == ((30, 0.02), (40.3, None))


def test_an_overload_is_outdated_where_a_newer_result_sustained_as_much(planned):
    older = under_traffic((30, 0.1), (40.3, None), started_at="2026-01-04T00:00:00Z")
    newer = under_traffic((31, 0.1), (150, 0.2), started_at="2026-11-04T00:00:00Z")
    [candidate], _ = planned({}, newer, older)
    assert candidate.measured_rates == ((30, 0.1), (31, 0.1), (150, 0.2))
    [candidate], _ = planned({}, newer | {"started_at": "2026-01-03T00:00:00Z"}, older)
    assert candidate.measured_rates == ((30, 0.1), (31, 0.1), (40.3, None), (150, 0.2))
    newer = under_traffic((31, 0.1), (35, None), (150, 0.2), started_at="2026-11-04T00:00:00Z")
    [candidate], _ = planned({}, newer, older)
    assert (40.3, None) in candidate.measured_rates


def test_only_under_traffic_a_machine_does_what_it_sustained(planned):
    streams = {"settings": "cpu-streams=2", "carried_per_s": 1}
    result = under_traffic((100, 0.02), (200, 0.05), (400, None), (500, 0.1))
    result["load"] |= streams
    [_, candidate], out = planned({}, result)
    assert candidate.settings == "cpu-streams=2" and candidate.only_under_traffic
    assert candidate.throughput_per_s == 200 and candidate.inference_s is None
    assert (candidate.low_per_s, candidate.high_per_s) == (200, 200) and out == []
    nothing = under_traffic((400, None))
    nothing["load"] |= streams
    [_], [reason] = planned({}, nothing)
    assert "sustained no rate" in reason


def at_full_speed(**keys: object) -> dict:
    tried = [{"per_s": 100}, {"per_s": 180, "least_per_s": 170, "greatest_per_s": 190}]
    return {
        "mode": "throughput",
        "backend_meta": "cpu-mode=throughput",
        "data": [0.01, 0.012],
        "throughput_per_s": 180,
        "streams": 2,
        "throughput": {"settings": "cpu-streams=2", "chosen": 1, "tried": tried},
    } | keys


def test_the_setting_found_in_throughput_mode_is_one(planned):
    traffic = under_traffic((100, 0.02))
    traffic["load"]["settings"] = "cpu-streams=2"
    for results in ([at_full_speed()], [traffic, at_full_speed()], [at_full_speed(), traffic]):
        [candidate], out = planned(*results)
        assert candidate.throughput_per_s == pytest.approx(180) and not candidate.only_under_traffic
        assert candidate.inference_s == pytest.approx(2 / 180) and candidate.slowest_s == 0.012
        assert (candidate.low_per_s, candidate.high_per_s) == (170, 190) and out == []
        assert len(candidate.measured_rates) == len(results) - 1
    [candidate], _ = planned(traffic, at_full_speed() | BUSY)
    assert candidate.only_under_traffic


def test_a_suspect_latency_hides_no_clean_result_of_another_mode(planned):
    full, traffic = at_full_speed(), under_traffic((5, 0.3))
    full["throughput"] = full["throughput"] | {"settings": "cpu"}
    [candidate], _ = planned(BUSY, traffic, full)
    assert candidate.throughput_per_s == pytest.approx(180)
    for others in ([traffic], [traffic, full | BUSY]):
        [candidate], _ = planned(BUSY, *others)
        assert candidate.only_under_traffic


def test_batches_of_throughput_mode_are_no_task_of_their_own(planned):
    batches = at_full_speed(batch=4, input_shapes={"data": [4, 3, 224, 224]})
    [candidate], [reason] = planned({}, batches)
    assert candidate.settings == "cpu" and "batch to fill" in reason
    assert planned(batches)[0] == []


def test_a_batch_measured_in_any_mode_is_no_task_of_its_own(planned):
    batches = [
        {"backend_meta": f"cpu-batch={n}", "batch": n, "input_shapes": {"x": [n, 3]}}
        for n in (1, 4, 16)
    ]
    [candidate], reasons = planned(*batches)
    assert candidate.settings == "cpu-batch=1"
    assert len(reasons) == 2 and all("batch to fill" in reason for reason in reasons)


def test_too_few_windows_leave_no_interval(planned):
    assert not planned(at_full_speed())[0][0].lacks_interval
    [candidate], _ = planned(at_full_speed() | {"throughput": {"settings": "cpu-streams=2"}})
    assert candidate.lacks_interval
    assert not planned({})[0][0].lacks_interval


def test_a_part_of_the_machines_cores_is_known(planned):
    def cores(**keys: object) -> tuple:
        [candidate], _ = planned({"environment": keys})
        return candidate.cores, candidate.machine_cores

    assert cores() == (None, None)
    assert cores(logical_cores=16, affinity_cores=8, cgroup_cpu_quota=None) == (8, 16)
    assert cores(logical_cores=16, affinity_cores=8, cgroup_cpu_quota=1.5) == (1.5, 16)
    assert cores(logical_cores=16, affinity_cores=8, cgroup_cpu_quota=12.0) == (8, 16)


def test_each_file_of_one_name_is_planned_with_by_itself(tmp_path):
    """And with the results that don't say of which file they are."""
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    for name, sha256, engine in (("a", "1" * 64, "tvm"), ("b", "2" * 64, "pytorch"), ("c", 0, "x")):
        keys = {"model_sha256": sha256 or None, "backend": engine}
        (tmp_path / f"{name}.json").write_text(json.dumps(sample | keys))
    results = [read_result(tmp_path / f"{name}.json") for name in "abc"]
    found = {
        f.label[-9:-1]: {c.engine for _, c in f.candidates} for f in fleets(compare(results), {})
    }
    assert found == {"11111111": {"tvm", "x"}, "22222222": {"pytorch", "x"}, "checksum": {"x"}}


def test_other_settings_are_other_candidates(planned):
    found, out = planned({}, {"backend_meta": "cpu-threads=1"}, {"quantize": True})
    assert [c.settings for c in found] == ["cpu", "cpu-threads=1", "cpu-quantised"] and out == []


def test_what_failed_is_out_with_its_outcome(planned):
    verification = {"verdict": "unverified", "reason": "Not reached."}
    failed = {"outcome": "timed_out", "data": [], "verification": verification}
    assert planned(failed) == ([], ["timed out"])


def test_another_input_shape_is_another_task(planned):
    small = {"backend_meta": "cpu-shape=x@1x3x32x32", "input_shapes": {"x": [1, 3, 32, 32]}}
    smaller = {"backend_meta": "cpu-shape=x@1x3x16x16", "input_shapes": {"x": [1, 3, 16, 16]}}
    found, [reason] = planned({}, small)
    assert [c.settings for c in found] == ["cpu"] and "shape" in reason
    assert len(planned(small, small | {"backend": "tvm"})[0]) == 2
    assert planned(small, smaller)[0] == []


@pytest.mark.parametrize("setting", ["cpu-input=x@small.npy", "cpu-test-data=photos"])
def test_an_array_given_as_input_may_be_another_task(planned, setting):
    plain = {"input_shapes": {"x": [1, 3, 640, 640]}}
    given = {"backend_meta": setting, "input_shapes": {"x": [1, 3, 320, 320]}}
    [candidate], [reason] = planned(plain, given)
    assert candidate.settings == "cpu" and "shape" in reason
    assert len(planned(plain, given | plain)[0]) == 2


def test_plain_results_of_two_shapes_are_refused(planned):
    large = {"input_shapes": {"x": [1, 3, 640, 640]}}
    small = {"backend": "tvm", "input_shapes": {"x": [1, 3, 320, 320]}}
    assert planned(large, small)[0] == []
    assert len(planned(large, small | {"input_shapes": None})[0]) == 2  # as those of 2021
    verification = {"verdict": "unverified", "reason": "Not reached."}
    crashed = {"outcome": "crashed", "data": [], "verification": verification}
    assert len(planned(large, small | crashed)[0]) == 1


def test_a_published_figure(planned):
    figure = {"throughput_per_s": 4.0, "plus_minus_per_s": 0.5, "bound": None, "note": ""}
    usual = {"schema_version": None, "data": []}
    [candidate], _ = planned(usual | {"published": figure})
    assert (candidate.low_per_s, candidate.throughput_per_s, candidate.high_per_s) == (3.5, 4, 4.5)
    assert candidate.slowest_s is None and not candidate.verified
    for wrong in ({"plus_minus_per_s": 4.0}, {"bound": "below"}):
        assert planned(usual | {"published": figure | wrong})[0] == []
    [candidate], _ = planned(usual | {"published": figure | {"bound": "at_least"}})
    assert candidate.single_only


def test_no_price_is_no_obstacle_here(planned):
    [candidate], _ = planned({"instance": "mine"})
    assert candidate.usd_per_hour is None


def test_the_interval_of_the_mean(tmp_path):
    """Two batches of one: the half width is 12.7062 times half their difference."""
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    (tmp_path / "a.json").write_text(json.dumps(sample | {"data": [1.0, 1.1], "number": 1}))
    low, high = interval_of(read_result(tmp_path / "a.json"))
    assert math.isclose(1 / low, 1.05 + T_975[0] * 0.05, rel_tol=1e-9)
    assert math.isclose(1 / high, 1.05 - T_975[0] * 0.05, rel_tol=1e-9)


def test_the_slowest_is_the_99th_percentile_of_enough():
    assert slowest([float(i) for i in range(1, 459)]) == 458
    assert slowest([float(i) for i in range(1, 460)]) == 455  # the ceil(0.99 * 459)-th


def test_a_gpu_is_any_machine_but_not_with_its_data_left_there(planned):
    on_gpu = {"device": "gpu", "backend": "onnxruntime", "provider": "cuda", "gpu": {"sm": 75}}
    found, [reason] = planned(
        on_gpu | {"backend_meta": "cuda", "data": [0.01]},
        on_gpu | {"backend_meta": "cuda-io=device", "data": [0.001]},
    )
    assert [candidate.throughput_per_s for candidate in found] == [100]
    assert "its data stayed on the GPU" in reason
