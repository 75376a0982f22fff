"""A seeded sample of the calls of each kind fails once; `make faults` lets all of them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "faults"))
import failing_calls

SAMPLE = 12  # failing calls of each kind


@pytest.mark.parametrize("call", failing_calls.CALLS)
def test_a_call_that_fails_loses_nothing(programs, tmp_path, call):
    promise = failing_calls.Program(programs, tmp_path).fail(call, SAMPLE)
    assert promise.tries > 0
    assert promise.failures == []
