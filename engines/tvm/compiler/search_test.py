"""The search tries plans, keeps what it tried, and goes on where it ended."""

import time

import pytest

from . import search as search_module
from .convolution import Convolution, Epilogue
from .host_target import host_target
from .records import Records
from .search import search
from .trials import KernelUse
from .vector_unit import vector_unit_of

TARGET = host_target()
UNIT = vector_unit_of(TARGET)
USES = [
    KernelUse(Convolution(1, 6, 8, 8, 16, kernel=(3, 3), pads=(1, 1, 1, 1)), Epilogue(), 2),
    KernelUse(Convolution(1, 1, 12, 8, 32), Epilogue(), 1),
]


class Counted:
    """Stands for the measurement: a trial takes no time, each plan has seconds of its own."""

    def __init__(self, monkeypatch):
        self.plans: list = []
        self.end_after = 10**9
        monkeypatch.setattr(search_module._Search, "_measure", self._measure)
        monkeypatch.setattr(search_module.time, "monotonic", lambda: float(len(self.plans)))

    def _measure(self, plan, _kernel) -> float:
        self.plans.append(plan)
        return 1.0 + 1.0 / (1 + plan.tile.rows)


@pytest.fixture
def counted(monkeypatch):
    return Counted(monkeypatch)


def test_what_was_tried_is_not_measured_again(counted, tmp_path):
    assert not search(USES, UNIT, TARGET, tmp_path, end=10)
    first = list(counted.plans)
    assert len(first) == 10
    assert not search(USES, UNIT, TARGET, tmp_path, end=15)
    assert len(counted.plans) == 15
    assert len(Records(tmp_path, TARGET).seconds) == 15


def test_a_search_ends_when_all_is_tried(counted, tmp_path):
    assert search(USES, UNIT, TARGET, tmp_path, end=10**9)
    tried = len(counted.plans)
    assert search(USES, UNIT, TARGET, tmp_path, end=10**9)
    assert len(counted.plans) == tried


def test_the_kernel_with_more_calls_has_more_trials(counted, tmp_path):
    search(USES, UNIT, TARGET, tmp_path, end=30)
    of_first = sum(plan.tile.rows in (1, 2, 4, 8) for plan in counted.plans)
    assert len(counted.plans) == 30
    assert of_first > 15


def test_the_fastest_is_found_again(counted, tmp_path):
    search(USES, UNIT, TARGET, tmp_path, end=40)
    records = Records(tmp_path, TARGET)
    bests = [records.best(USES[0], channels) for channels in (8, 16, 32)]
    seconds, kernel = min((best for best in bests if best is not None), key=lambda best: best[0])
    assert seconds == min(1.0 + 1.0 / (1 + rows) for rows in (1, 2, 4, 8))
    assert kernel.function is not None


@pytest.mark.parametrize("damage", ["torn", "nonsense"])
def test_broken_records_are_mended_or_made_again(counted, tmp_path, damage):
    search(USES, UNIT, TARGET, tmp_path, end=5)
    trials = tmp_path / "trials.json"
    whole = trials.read_text()
    trials.write_text(whole[:-20] if damage == "torn" else "{}\n" * 3)
    assert len(Records(tmp_path, TARGET).seconds) == (4 if damage == "torn" else 0)
    assert not search(USES, UNIT, TARGET, tmp_path, end=10)


def test_real_trials_have_real_seconds(tmp_path):
    search(USES, UNIT, TARGET, tmp_path, end=time.monotonic() + 1)
    seconds = list(Records(tmp_path, TARGET).seconds.values())
    assert len(seconds) >= 1
    assert all(0 < value < 1 for value in seconds)
