import json

import pytest
import vl_convert

import draw
import variant_charts
from comparisons import compare
from golden import GOLDEN
from read_results import read_results
from themes import LIGHT

SAMPLE = GOLDEN / "results" / "c5a.4xlarge" / "resnet50-v1-7-quant=0-cpu-openvino-cpu.json"


@pytest.fixture
def comparison(tmp_path):
    """From (precision, largest error or None, accepted) of each result, and other keys."""

    def make(*results: tuple, **keys: object):
        sample = json.loads(SAMPLE.read_text(encoding="utf-8")) | keys
        for i, (precision, error, accepted) in enumerate(results):
            known = {
                "precision": precision,
                "backend_meta": f"cpu-precision={precision}",
                "acceptance": {"accepted": accepted, "reason": "", "max_error": 0.05},
            }
            if error is not None:
                known["accuracy"] = {"max_error": error}
            (tmp_path / f"{i}.json").write_text(json.dumps(sample | known), encoding="utf-8")
        read, complaints = read_results(tmp_path)
        assert complaints == []
        [found] = compare(read)
        return found

    return make


def test_a_point_per_variant_with_an_error(comparison):
    found = comparison(("f32", None, True), ("bf16", 0.01, True), ("int8", 0.2, False))
    points = {point["error"]: point["accepted"] for point in variant_charts.points(found)}
    assert points == {0.01: True, 0.2: False}
    assert variant_charts.bound_of(found) == 0.05


def test_nothing_is_drawn_without_variants(comparison):
    assert not variant_charts.can_be_drawn(comparison(("f32", None, True)))
    busy = {"run_queue_wait_share": 0.4, "suspect": True}
    assert not variant_charts.can_be_drawn(comparison(("int8", 0.1, True), noise=busy))


def test_the_picture_is_among_the_others(comparison):
    found = comparison(("f32", None, True), ("bf16", 0.01, True), ("int8", 0.2, False))
    drawn = {p.stem: p for p in draw.pictures([found], [], [])}
    svg = vl_convert.vegalite_to_svg(drawn[f"{found.file_stem}-variants"].draw())
    assert "Largest error on held-out samples" in svg
    assert variant_charts.picture(found, LIGHT)
