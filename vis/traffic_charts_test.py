import re

import pytest
import vl_convert

import draw
import traffic_charts
from golden import GOLDEN
from themes import LIGHT

SAMPLE = GOLDEN / "results" / "c5a.4xlarge" / "resnet50-v1-7-quant=0-cpu-openvino-cpu.json"


def rate(per_s: float, p99_s: float | None, verdict: str = "carried", **other: object) -> dict:
    known = {"rate_per_s": per_s, "verdict": verdict, "p99_s": p99_s}
    return known | {"p99_at_least_s": p99_s, "p99_at_most_s": p99_s} | other


def under_traffic(*rates: dict, backend: str = "openvino", slo: float | None = None) -> dict:
    carried = [r["rate_per_s"] for r in rates if r["verdict"] == "carried"]
    traffic = {
        "settings": "cpu",
        "rate_per_s": None if slo else rates[0]["rate_per_s"],
        "slo_p99_s": slo,
        "carried_per_s": max(carried, default=None),
        "reason": "" if carried else "it can't sustain 50/s: its maximum is about 30",
        "rates": list(rates),
    }
    meta = f"cpu-mode=load-rate={rates[0]['rate_per_s']}"
    return {"mode": "load", "backend": backend, "backend_meta": meta, "load": traffic} | {
        "throughput_per_s": traffic["carried_per_s"]
    }


def test_every_rate_of_an_engine_is_one_line(comparison_of):
    found = comparison_of(
        under_traffic(rate(10, 0.05)),
        under_traffic(rate(20, 0.08, p99_at_least_s=0.07, p99_at_most_s=None)),
        under_traffic(rate(50, None, "overloaded")),
        under_traffic(rate(10, 0.06), rate(15, 0.09, "late"), backend="onnxruntime", slo=0.1),
    )
    points = [(p["name"], p["rate"], p["low"], p["high"]) for p in traffic_charts.points(found)]
    assert points == [
        ("ONNX Runtime", 10, 0.06, 0.06),
        ("OpenVINO", 10, 0.05, 0.05),
        ("OpenVINO", 20, 0.07, None),
    ]
    assert traffic_charts.overloaded(found) == [{"name": "OpenVINO", "rate": 50}]
    texts = re.findall(
        r">([^<>]+)</text>", vl_convert.vegalite_to_svg(traffic_charts.picture(found, LIGHT))
    )
    assert "99th percentile of latency (ms)" in texts and "Requests per second" in texts
    assert {"OpenVINO", "ONNX Runtime"} <= set(texts)


def test_what_has_no_rank_says_why(comparison_of):
    found = comparison_of(
        under_traffic(rate(10, 0.05)) | {"noise": {"suspect": True}},
        under_traffic(rate(10, 0.06), rate(50, None, "overloaded"), backend="tvm")
        | {"verification": {"verdict": "unverified", "reason": "Random operators."}},
        under_traffic(rate(50, None, "overloaded"), backend="onnxruntime"),
    )
    names = [point["name"] for point in traffic_charts.points(found)]
    assert names == ["OpenVINO (busy machine)", "TVM (not verified)"]
    crosses = [point["name"] for point in traffic_charts.overloaded(found)]
    assert sorted(crosses) == ["ONNX Runtime", "TVM (not verified)"]


def test_what_is_not_sustained_has_no_figure_and_says_why(comparison_of):
    found = comparison_of(under_traffic(rate(50, None, "overloaded")))
    [row] = found.rows
    assert not row.result.measured
    assert row.words == "Not sustained"
    assert row.reason == "it can't sustain 50/s: its maximum is about 30"
    assert not traffic_charts.can_be_drawn(found)
    vl_convert.vegalite_to_svg(draw.figures(found))


def test_a_folder_with_traffic_is_drawn(comparison_of, tmp_path):
    comparison_of(
        under_traffic(rate(10, 0.05)), under_traffic(rate(50, None, "overloaded"), backend="tvm")
    )
    (tmp_path / "2.json").write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    draw.draw_folder(tmp_path, tmp_path / "plots", pytest.fail)
    assert len(list((tmp_path / "plots").glob("*-load.svg"))) == 1
