"""Whatever a child does, its parent learns of it and goes on."""

import os
import signal
import time

from .child import run_in_child


def test_a_value_comes_back():
    assert run_in_child(lambda: {"a": [1, 2]}, 60).value == {"a": [1, 2]}
    assert len(run_in_child(lambda: "x" * 1_000_000, 60).value) == 1_000_000


def test_an_exception_is_reported():
    ended = run_in_child(lambda: 1 / 0, 60)
    assert ended.value is None
    assert ended.reason == "ZeroDivisionError: division by zero"


def test_a_crash_is_reported():
    ended = run_in_child(lambda: os.kill(os.getpid(), signal.SIGSEGV), 60)
    assert (ended.value, ended.reason) == (None, "was ended by SIGSEGV")


def test_a_child_that_hangs_is_ended():
    ended = run_in_child(lambda: time.sleep(1000), 0.5)
    assert (ended.value, ended.reason) == (None, "was ended after 0.5 s")


def test_a_child_that_says_nothing_is_noticed():
    assert run_in_child(lambda: os._exit(0), 60).reason == "gave no answer"
