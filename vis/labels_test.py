"""The table that src/results/label_words_test.cpp reads, too."""

import json
from pathlib import Path

import pytest

from labels import OF_THE_MODE, settings_in_words

TABLE = json.loads(
    (Path(__file__).resolve().parent.parent / "tests" / "labels.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case["case"])
def test_settings_in_words(case):
    assert settings_in_words(case["shown"]) == case["words"]


def test_what_is_left_out():
    one = {"backend": "tf", "backend_meta": "cuda-threads=1", "threads": 1, "engine_version": "1"}
    other = {"backend": "tf", "backend_meta": "cpu-batch=4", "batch": 4, "engine_version": "2"}
    assert settings_in_words([one, other]) == ["cuda, 1 thread", "batch 4"]
    other["backend_meta"] = "cuda-batch=4"
    assert settings_in_words([one, other]) == ["cuda, 1, 1 thread", "cuda, 2, batch 4"]
    assert settings_in_words([one, other], ("version",)) == ["cuda, 1 thread", "cuda, batch 4"]
    assert settings_in_words([one, other], ("version", "threads", "batch")) == ["cuda", "cuda"]
    load = {"mode": "load", "backend_meta": "cpu-mode=load-rate=5", "load": {"settings": "cpu"}}
    assert settings_in_words([one | load, other], OF_THE_MODE) == ["", "cuda, batch 4"]


def test_odd_values_do_no_harm():
    odd = {"backend": "a", "backend_meta": "cpu-shape=x", "input_shapes": {"x": 3}, "threads": []}
    assert settings_in_words([odd, odd | {"mode": "load", "load": [], "seed": {}}]) == [
        "",
        "load mode",
    ]
    assert settings_in_words([]) == []
