import pytest
import vl_convert

import batch_charts
import draw
from themes import LIGHT


@pytest.fixture
def comparison(comparison_of):
    """From (backend, batch, seconds of an inference) of each result, and other keys."""

    def make(*results: tuple, **keys: object):
        known = []
        for backend, batch, time_s in results:
            meta = "cpu-threads=1" + (f"-batch={batch}" if batch else "") + "-seed=3"
            one = {
                "backend": backend,
                "backend_meta": meta,
                "batch": batch,
                "data": [time_s] * 90,
            }
            known.append(keys | one)
        return comparison_of(*known)

    return make


def test_items_and_times_by_batch(comparison):
    found = comparison(
        ("openvino", 4, 0.2), ("openvino", 1, 0.1), ("tvm", 1, 0.2), ("tvm", 16, 1.6)
    )
    points = [(p["name"], p["batch"], p["items"], p["median"]) for p in batch_charts.points(found)]
    assert points == [
        ("OpenVINO", 1, pytest.approx(10), 0.1),
        ("OpenVINO", 4, pytest.approx(20), 0.2),
        ("TVM", 1, pytest.approx(5), 0.2),
        ("TVM", 16, pytest.approx(10), 1.6),
    ]


def test_only_what_was_measured_at_several(comparison):
    assert not batch_charts.can_be_drawn(comparison(("openvino", None, 0.1), ("tvm", 4, 0.2)))


def test_a_busy_machine_draws_nothing(comparison):
    busy = {"run_queue_wait_share": 0.4, "suspect": True}
    results = (("openvino", 1, 0.1), ("openvino", 4, 0.2))
    assert not batch_charts.can_be_drawn(comparison(*results, noise=busy))
    assert batch_charts.can_be_drawn(comparison(*results))


def test_what_is_not_verified_says_so(comparison):
    unverified = {"verdict": "unverified", "reason": "Random operators."}
    found = comparison(("openvino", 1, 0.1), ("openvino", 4, 0.2), verification=unverified)
    assert {p["name"] for p in batch_charts.points(found)} == {"OpenVINO (not verified)"}


def test_the_picture_is_among_the_others(comparison):
    found = comparison(("openvino", 1, 0.1), ("openvino", 4, 0.2))
    drawn = {p.stem: p for p in draw.pictures([found], [], [])}
    svg = vl_convert.vegalite_to_svg(drawn[f"{found.file_stem}-batches"].draw())
    for text in ("Items per second", "Time of an inference (ms)", "OpenVINO"):
        assert text in svg
    assert batch_charts.picture(found, LIGHT)
