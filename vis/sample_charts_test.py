import random
import re
from types import SimpleNamespace

import pytest
import vl_convert

import sample_charts
from comparisons import compare
from golden import GOLDEN
from read_results import percentiles, read_results
from themes import LIGHT


@pytest.mark.parametrize(
    "times",
    [
        [random.Random(1).gauss(1, 0.1) for _ in range(1000)],
        [1.0] * 20,
        [1e-6] * 99 + [5.0],
        [float(i) for i in range(1, 8)],
    ],
)
def test_every_measurement_is_counted_once(times):
    found = sample_charts.histogram(sorted(times))
    assert sum(found["counts"]) == len(times) and found["low_s"] == min(times)
    assert found["width_s"] > 0


def test_the_last_bar_holds_the_slowest():
    found = sample_charts.histogram([1.0 + i / 100 for i in range(99)] + [500.0])
    assert found["low_s"] + found["width_s"] * sample_charts.BINS == pytest.approx(1.98)
    assert found["counts"][-1] >= 2


def measured(
    times: list[float], starts: list[float] | None = None, **raw: object
) -> SimpleNamespace:
    return SimpleNamespace(times_s=times, starts_s=starts, raw=raw)


@pytest.mark.parametrize("count", [20, 49, 50, 51, 1003])
def test_blocks_cover_all_measurements_in_order(count):
    found = sample_charts.drift(measured([float(i) for i in range(1, count + 1)]))
    assert found[0]["low_s"] == 1 and found[-1]["high_s"] == count
    assert all(a["high_s"] + 1 == b["low_s"] for a, b in zip(found, found[1:]))
    assert all(b["at"] == b["median_s"] for b in found)


def test_no_line_goes_across_a_restart():
    """Three blocks of turns, of which the last is one measurement."""
    blocks = [0] * 30 + [1] * 30 + [2]
    found = sample_charts.drift(measured([1.0] * 61, [float(i) for i in range(61)], block=blocks))
    assert {piece["part"] for piece in found} == {0, 1, 2}
    assert max(piece["at"] for piece in found if piece["part"] == 0) < 30
    assert min(piece["at"] for piece in found if piece["part"] == 1) > 29.5
    assert [piece["alone"] for piece in found] == [False] * (len(found) - 1) + [True]


def test_no_line_goes_across_a_gap_where_blocks_are_unknown():
    starts = [float(i) + (50 if i >= 20 else 0) for i in range(40)]
    found = sample_charts.drift(measured([1.0] * 40, starts))
    assert {piece["part"] for piece in found if piece["at"] < 20} == {0}
    assert {piece["part"] for piece in found if piece["at"] > 60} == {1}


def test_names_that_would_collide_share_a_place():
    def names(**times: float) -> list[str]:
        return [row["name"] for row in sample_charts.percentile_rows(times, 1.0, (1.0, 2.0))]

    assert names(p50=1.1, p90=1.15, p99=1.9) == ["p50, p90", "", "p99"]
    assert names(p50=1.1, p90=1.3, p99=1.35) == ["p50", "p90, p99", ""]
    assert names(p50=1.1, p90=1.5, p99=1.9) == ["p50", "p90", "p99"]
    assert names(p50=1.1, p90=1.11, p99=1.12) == ["p50, p90, p99", "", ""]


def test_engines_share_their_axes():
    results, _ = read_results(GOLDEN / "results")
    [comparison] = [c for c in compare(results) if c.model == "resnet50-v1-7.onnx"]
    picture = sample_charts.picture(comparison, LIGHT)
    for place in (0, 1):  # the distributions, the drifts
        domains = [
            layer["encoding"][axis]["scale"]["domain"]
            for row in picture["vconcat"]
            for layer in row["hconcat"][place]["layer"][:1]
            for axis in ("x", "y")[place:]
            if "domain" in layer["encoding"][axis].get("scale", {})
        ]
        assert len(domains) == 3 and domains[0] == domains[1] == domains[2]
        assert domains[0][0] < 17.3 and domains[0][1] > 37.2


def test_blocks_lie_where_they_were_measured():
    result = measured([1.0] * 100, [i * 0.5 + (60 if i >= 50 else 0) for i in range(100)])
    found = sample_charts.drift(result)
    assert found[0]["at"] == 0.25 and found[-1]["at"] == pytest.approx(109.25)
    assert sample_charts.course_axis(result) == "Seconds since the run began"


def test_percentiles_only_of_enough():
    assert list(percentiles([1.0] * 63)) == ["p50"]
    assert percentiles([float(i) for i in range(1, 101)]) == {"p50": 50.5, "p90": 90}
    assert list(percentiles([1.0] * 459)) == ["p50", "p90", "p99"]


def test_a_row_for_each_engine_with_samples_enough():
    results, _ = read_results(GOLDEN / "results")
    [comparison] = [c for c in compare(results) if c.model == "resnet50-v1-7.onnx"]
    assert [row.name for row in sample_charts.rows_with_samples(comparison)] == [
        "OpenVINO",
        "OpenVINO",
        "ONNX Runtime",
    ]
    drawn = vl_convert.vegalite_to_svg(sample_charts.picture(comparison, LIGHT))
    texts = re.findall(r">([^<>]+)</text>", drawn)
    assert texts.count("Time (ms)") == 6 and texts.count("Measurements") == 3
    assert "OpenVINO 2026.4.1, f32: 120 measurements, median 33.2 ms" in texts
