import json
from pathlib import Path

import pytest

from comparisons import compare, short, short_time, unique, wrap
from read_results import read_result

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY.joinpath(
    "tests", "golden", "results", "c5a.4xlarge", "resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
)


@pytest.fixture
def make(tmp_path):
    def make_result(name: str, **keys: object):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(json.loads(SAMPLE.read_text(encoding="utf-8")) | keys))
        return read_result(path)

    return make_result


def failed(outcome: str) -> dict:
    verification = {"verdict": "unverified", "reason": "Not reached."}
    return {"outcome": outcome, "reason": "Why.", "data": [], "verification": verification}


UNVERIFIED = {"verification": {"verdict": "unverified", "reason": "Random operators."}}


def test_the_fastest_verified_first_then_unverified_then_those_without_number(make):
    results = [
        make("a", backend="tvm", **failed("crashed")),
        make("b", backend="pytorch", data=[0.001], **UNVERIFIED),
        make("c", backend="openvino", data=[0.03]),
        make("d", backend="onnxruntime", data=[0.02]),
    ]
    [comparison] = compare(results)
    assert [(row.name, row.status) for row in comparison.rows] == [
        ("ONNX Runtime", "Verified"),
        ("OpenVINO", "Verified"),
        ("PyTorch", "Unverified"),
        ("TVM", "Crashed"),
    ]
    assert [row.reason for row in comparison.rows] == ["", "", "Random operators.", "Why."]


def test_different_models_of_one_name_are_not_compared(make):
    pair = compare([make("a", model_sha256="0" * 64), make("b", model_sha256="1" * 64)])
    assert [comparison.file_stem for comparison in pair] == [
        "resnet50-v1-7-c5a.4xlarge",
        "resnet50-v1-7-c5a.4xlarge-2",
    ]


def test_machines_are_not_compared(make):
    assert len(compare([make("a", instance="one"), make("b", instance="two")])) == 2


def test_rows_show_what_differs(make):
    in_force = {"precision": "bf16", "threads": 2, "placement": [], "settings": {}}
    [comparison] = compare(
        [
            make("a", data=[0.01], precision="default", in_force=in_force),
            make("b", data=[0.02], device="gpu", quantize=True),
            make("c", data=[0.03]),
            make("d", data=[0.04]),
        ]
    )
    assert [row.detail for row in comparison.rows] == [
        "2026.4.1, cpu, default precision, in\u00a0bf16",
        "2026.4.1, gpu, f32, quantised",
        "2026.4.1, cpu, f32, c.json",
        "2026.4.1, cpu, f32, d.json",
    ]


def test_threads_that_were_not_asked_for_are_named(make):
    in_force = {"precision": "f32", "threads": 16, "placement": [], "settings": {}}
    [comparison] = compare([make("a", in_force=in_force)])
    assert comparison.rows[0].detail == "2026.4.1, 16 threads in force"


def test_a_precision_that_can_not_be_read_back_is_said_to_be_unknown(make):
    in_force = {"precision": "unknown", "threads": 2, "placement": [], "settings": {}}
    [comparison] = compare([make("a", in_force=in_force)])
    assert comparison.rows[0].detail == "2026.4.1, precision in force unknown"


def test_conditions(make):
    [comparison] = compare([make("a"), make("b", threads=1, precision="default")])
    expected = "AMD EPYC 7R32, 1 or 2 threads, f32 unless the row says otherwise"
    assert comparison.conditions == expected
    [comparison] = compare([make("a", threads=1)])
    assert comparison.conditions == "AMD EPYC 7R32, 1 thread, f32"


def test_odd_values_under_known_keys_do_no_harm(make):
    odd = {"environment": [], "threads": {}, "precision": [], "model_sha256": {}, "device": []}
    [comparison] = compare([make("a", in_force={}, engine_version=7, quantize="no", **odd)])
    assert comparison.conditions == ""


def test_a_name_with_slashes_stays_in_its_folder(make):
    [comparison] = compare([make("a", instance="../../a b\n")])
    assert comparison.file_stem == "resnet50-v1-7-.._.._a_b_"


def test_a_long_name_makes_a_file_s_name(make, tmp_path):
    [comparison] = compare([make("a", instance="\u6f22" * 200)])
    (tmp_path / f"{comparison.file_stem}-throughput-times-2.png").write_text("")


def test_unique():
    assert unique(["a", "a", "A", "a-2"]) == ["a", "a-2", "A-3", "a-2-2"]


def test_wrap():
    assert wrap("one two three", 8, 3) == ["one two", "three"]
    assert wrap("cpu-threads=1-precision=bf16", 16, 3) == ["cpu-threads=1-", "precision=bf16"]
    assert wrap("a" * 25, 10, 3) == ["a" * 10, "a" * 10, "a" * 5]
    assert wrap("one two three four", 5, 2) == ["one", "two\u2026"]
    assert wrap("", 5, 2) == [""]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (123456.7, "123,457"),
        (1234.4, "1,234"),
        (99.96, "100"),
        (30.43, "30.4"),
        (1.0, "1.00"),
        (9.996, "10.0"),
        (0.01234, "0.0123"),
        (0.0000123, "0.0000123"),
    ],
)
def test_short(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1.88, "1.88 s"),
        (0.0329, "32.9 ms"),
        (0.00045, "450 \u00b5s"),
        (1.5e-8, "15.0 ns"),
        (0.99996, "1.00 s"),
        (0.9994, "999 ms"),
        (0.00099996, "1.00 ms"),
        (9.9996e-7, "1.00 \u00b5s"),
    ],
)
def test_short_time(seconds, text):
    assert short_time(seconds) == text


@pytest.mark.parametrize("verdict", ["ok", "unverified"])
def test_a_variant_that_is_not_accepted_has_no_rank(make, verdict):
    refused = {"accepted": False, "reason": "an error of 0.3 is above the bound"}
    known = {"precision": "int8", "verification": {"verdict": verdict, "reason": "Random."}}
    within = {"accepted": None, "reason": ""}
    [comparison] = compare(
        [
            make("a", data=[0.001], acceptance=refused, **known),
            make("b", data=[0.02], acceptance={"accepted": True, "reason": ""}),
            make("c", data=[0.03], acceptance=within, precision="bf16"),
        ]
    )
    rows = [(row.status, row.result.why_unranked, row.reason) for row in comparison.rows]
    assert rows == [("Verified", "", "")] * 2 + [
        ("Not accepted", "not accepted", "an error of 0.3 is above the bound")
    ]


def test_what_a_busy_machine_disturbed_has_no_rank(make):
    noise = {"run_queue_wait_share": 0.4, "suspect": True}
    [comparison] = compare([make("a", noise=noise), make("b", backend="tvm", data=[0.9])])
    assert [(row.name, row.status) for row in comparison.rows] == [
        ("TVM", "Verified"),
        ("OpenVINO", "Suspect"),
    ]
    assert "Other programs" in comparison.rows[1].reason
