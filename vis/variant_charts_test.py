import pytest
import vl_convert

import draw
import variant_charts
from themes import LIGHT


@pytest.fixture
def comparison(comparison_of):
    """From (precision, largest error or None, accepted) of each result, and other keys."""

    def make(*results: tuple, **keys: object):
        known = []
        for precision, error, accepted in results:
            one = {
                "precision": precision,
                "backend_meta": f"cpu-precision={precision}",
                "acceptance": {"accepted": accepted, "reason": "", "max_error": 0.05},
            }
            if error is not None:
                one["accuracy"] = {"max_error": error, "inputs": "samples"}
            known.append(keys | one)
        return comparison_of(*known)

    return make


def test_a_point_per_variant_with_an_error(comparison):
    found = comparison(("f32", None, True), ("bf16", 0.01, True), ("int8", 0.2, False))
    points = {point["error"]: point["accepted"] for point in variant_charts.points(found)}
    assert points == {0.01: True, 0.2: False}
    assert variant_charts.bound_of(found) == 0.05


def test_variants_of_different_batches_are_compared_in_items(comparison_of):
    """A batch of 8 in 40 ms is more items per second than one in 10 ms."""
    known = {"precision": "int8", "accuracy": {"max_error": 0.01, "inputs": "samples"}}
    batches = [
        known | {"backend_meta": f"cpu-batch={batch}", "batch": batch, "data": [time_s] * 30}
        for batch, time_s in ((1, 0.01), (8, 0.04))
    ]
    found = comparison_of(*batches)
    points = {point["speed"]: point["words"] for point in variant_charts.points(found)}
    assert points == {100: "100 items/s, 10.0 ms", 200: "200 items/s, 40.0 ms"}
    svg = vl_convert.vegalite_to_svg(variant_charts.picture(found, LIGHT))
    assert "Items per second" in svg and "Inferences per second" not in svg


def test_nothing_is_drawn_without_variants(comparison):
    assert not variant_charts.can_be_drawn(comparison(("f32", None, True)))
    busy = {"run_queue_wait_share": 0.4, "suspect": True}
    assert not variant_charts.can_be_drawn(comparison(("int8", 0.1, True), noise=busy))


def test_an_error_on_generated_inputs_is_not_drawn(comparison):
    """It says nothing of one's data."""
    generated = {"max_error": 0.1, "inputs": "generated"}
    found = comparison(("bf16", None, None), accuracy=generated)
    assert not variant_charts.can_be_drawn(found)


def test_what_is_not_verified_is_not_filled(comparison):
    unverified = {"verdict": "unverified", "reason": "Random operators."}
    found = comparison(("bf16", 0.01, True), verification=unverified)
    assert [point["accepted"] for point in variant_charts.points(found)] == [False]


def test_nothing_is_said_to_be_shaded_without_a_bound(comparison):
    found = comparison(("bf16", 0.01, True))
    assert "Shaded" in vl_convert.vegalite_to_svg(variant_charts.picture(found, LIGHT))
    found.rows[0].result.raw["acceptance"]["max_error"] = None
    assert "Shaded" not in vl_convert.vegalite_to_svg(variant_charts.picture(found, LIGHT))


def test_the_picture_is_among_the_others(comparison):
    found = comparison(("f32", None, True), ("bf16", 0.01, True), ("int8", 0.2, False))
    drawn = {p.stem: p for p in draw.pictures([found], [], [])}
    svg = vl_convert.vegalite_to_svg(drawn[f"{found.file_stem}-variants"].draw())
    assert "Largest error on held-out samples" in svg
    assert variant_charts.picture(found, LIGHT)
