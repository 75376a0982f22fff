"""A tuned model is never worse than what was there: whatever happens, one is written that computes the
same.

For a process of its own (CMakeLists.txt): forks don't take TVM's threads with them, so that no kernel
may have run here before."""

import os
import signal
import time

import numpy as np
import pytest
import tvm
from onnx import helper
from tvm import relax

from . import tune as tune_module
from .build import build_library
from .child import run_in_child
from .host_target import host_target
from .importer import import_model
from .rewrite import usual_kernels
from .small_models import model_of
from .tune import Files, tune
from .vector_unit import vector_unit_of

TARGET = host_target()


@pytest.fixture(scope="module")
def module() -> tvm.IRModule:
    weights = np.random.default_rng(1).standard_normal((32, 8, 3, 3)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])]
    inputs = {"x": np.zeros((1, 8, 12, 12), np.float32)}
    return import_model(model_of(nodes, inputs, {"w": weights}, 13))


@pytest.fixture
def tuned(module, tmp_path):
    """Tunes, after the usual compilation."""
    own = Files(tmp_path / "own.so", tmp_path / "own.params")
    usual = usual_kernels(vector_unit_of(TARGET))
    build_library(module, TARGET, usual, own.library, own.weights)
    written = Files(tmp_path / "tuned.so", tmp_path / "tuned.params")

    def call(budget_s: float) -> dict[str, str]:
        settings = tune(module, TARGET, tmp_path / "records", budget_s, own, written).settings
        image = np.random.default_rng(2).standard_normal((1, 8, 12, 12)).astype(np.float32)
        expected, computed = (
            run_in_child(lambda: output_of(files, image), 60).value for files in (own, written)
        )
        np.testing.assert_allclose(computed, expected, rtol=1e-5, atol=1e-5)
        same = own.library.read_bytes() == written.library.read_bytes()
        assert same or settings["schedules"] == "tuned"  # which may have found the own kernels
        return settings

    return call


def output_of(files: Files, image: np.ndarray) -> list[float]:
    machine = relax.VirtualMachine(tvm.runtime.load_module(str(files.library)), tvm.cpu())
    return machine["main"](tvm.runtime.tensor(image)).numpy().ravel().tolist()


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def test_what_was_found_is_compared(tuned):
    settings = tuned(2)
    assert "tuning" not in settings
    assert int(settings["tuning_trials"]) >= 1
    assert settings["tuned_functions"].endswith(" of 1")


def test_what_is_faster_as_a_whole_is_taken(tuned, monkeypatch):
    monkeypatch.setattr(tune_module, "is_faster", lambda seconds, gain: True)
    monkeypatch.setattr(tune_module, "_LEAST_GAIN", -1e9)  # of the kernels, whichever is fastest
    assert tuned(3)["tuned_functions"] == "1 of 1"


def test_what_is_slower_as_a_whole_is_not(tuned, monkeypatch):
    monkeypatch.setattr(tune_module, "is_faster", lambda seconds, gain: gain != 0.005)
    monkeypatch.setattr(tune_module, "_LEAST_GAIN", -1e9)
    assert tuned(3)["tuned_functions"] == "0 of 1"


@pytest.mark.parametrize("name", ["search", "in_turns"])
def test_a_crash_takes_nothing_away(tuned, monkeypatch, name):
    monkeypatch.setattr(tune_module, "_LEAST_GAIN", -1e9)
    monkeypatch.setattr(tune_module, name, lambda *_: crash())
    settings = tuned(2)
    assert settings["schedules"] == "own"
    assert (name == "in_turns") == ("comparison" in settings.get("tuning", ""))
    assert name == "in_turns" or "the search was ended by SIGSEGV" in settings["tuning"]


def test_a_search_that_hangs_leaves_what_it_found(tuned, monkeypatch):
    real = tune_module.search

    def hang(*arguments) -> None:
        real(*arguments)
        time.sleep(1000)

    monkeypatch.setattr(tune_module, "search", hang)
    monkeypatch.setattr(tune_module, "_GRACE_S", 2)
    settings = tuned(1)
    assert settings["tuning"].startswith("the search was ended after ")
    assert int(settings["tuning_trials"]) >= 1
