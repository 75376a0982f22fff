"""Anything against anything, in turns: model files, versions, earlier results; and the gate.

A busy machine may make a comparison undecided or suspect, never wrong: where the verdict depends on
time, both exit codes pass. About 30 s.
"""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import tiny_models
from processes import cache_folder

REPOSITORY = Path(__file__).resolve().parent.parent
QUICK = ["--repeat=16", "--warmup=0"]
CANT_TELL = 5


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("versus")
    for name in ("fast", "slow"):
        tiny_models.save(tiny_models.convolution(), folder / f"{name}.onnx")
    return folder


def test_another_model_file_takes_turns_under_a_name_of_its_own(bench, models):
    versus = f"--versus={models / 'fast.onnx'}"
    run = bench(models / "slow.onnx", versus, "--fake=ok", *QUICK, quick=False)
    assert run.code == 0
    assert len(run.json_files()) == 2
    results = [json.loads(path.read_text()) for path in run.json_files()]
    assert len({result["run_id"] for result in results}) == 1
    assert {result["verification"]["verdict"] for result in results} == {"ok"}
    assert "fake-ok: fast.onnx -> slow.onnx" in run.stdout


SIZE = [1, 2, 128, 128]


def around_one(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.98, 1.02, SIZE).astype(np.float32)


def difference(form: str, ends_in_classes: bool) -> onnx.ModelProto:
    """y = x - constants, where both are near 1, so that y shows their rounding 60 times as large;
    or which channel of it is larger. The form "f16" has constants in f16, "int8" x in steps of 8
    bits."""
    initializers = [
        numpy_helper.from_array(np.float32(1 / 96), "scale"),
        numpy_helper.from_array(np.uint8(0), "zero"),
        numpy_helper.from_array(around_one(2).astype("f2" if form == "f16" else "f4"), "constants"),
    ]
    nodes = [helper.make_node("Cast", ["constants"], ["c"], to=TensorProto.FLOAT)]
    if form == "int8":
        nodes.append(helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]))
        nodes.append(helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"]))
    nodes.append(helper.make_node("Sub", ["d" if form == "int8" else "x", "c"], ["y"]))
    outputs = [tiny_models.tensor("y", SIZE)]
    if ends_in_classes:
        nodes.append(helper.make_node("ArgMax", ["y"], ["classes"], axis=1))
        outputs = [tiny_models.tensor("classes", [1, 1, *SIZE[2:]], TensorProto.INT64)]
    return tiny_models.model_of(nodes, [tiny_models.tensor("x", SIZE)], outputs, initializers)


@pytest.mark.parametrize(
    ("form", "other", "ends_in_classes", "tolerance"),
    [
        ("f32", "f16", False, "f16"),
        ("f16", "f32", False, "f16"),
        ("f32", "int8", False, "quantised"),
        ("int8", "f32", False, "quantised"),
        ("f32", "f16", True, "integer"),
        ("f16", "f32", True, "integer"),
    ],
)
def test_another_form_of_the_model_may_differ_as_its_precision_does(
    bench, tmp_path, form, other, ends_in_classes, tolerance
):
    np.save(tmp_path / "x.npy", around_one(1))
    models = {
        name: tiny_models.save(difference(name, ends_in_classes), tmp_path / f"{name}.onnx")
        for name in (form, other)
    }
    flags = ["--onnxruntime", f"--versus={models[other]}", f"--input=x={tmp_path / 'x.npy'}"]
    run = bench(models[form], *flags)
    found = [json.loads(path.read_text()) for path in run.json_files()]
    verification = {Path(result["model_path"]).stem: result["verification"] for result in found}
    assert verification[other]["reason"] == ""
    assert verification[other]["tolerance"]["class"] == tolerance
    if form == "f32" and not ends_in_classes:
        assert verification["f32"]["tolerance"]["class"] == "f32"


def test_the_gate_distinguishes_slower_from_equal(bench, models):
    fast, slow = models / "fast.onnx", models / "slow.onnx"
    part = "--fake=ok,duration_s=0.004,slow="
    flags = ["--repeat=40", "--warmup=0", "--fail-above=25%"]
    run = bench(slow, f"--versus={fast}", part + "2", *flags, quick=False)
    assert run.code in (3, CANT_TELL) or run.disturbed
    assert run.code == 3 or "undecided: " in run.stdout
    run = bench(slow, f"--versus={fast}", part + "1", *flags, quick=False)
    assert run.code in (0, CANT_TELL)
    assert "25%" in run.stdout


def test_another_task_is_one_sentence(dnnbench, models, tmp_path):
    other = tiny_models.save(tiny_models.lookup(), tmp_path / "other.onnx")
    done = dnnbench("run", models / "fast.onnx", f"--versus={other}", "--fake=ok", *QUICK)
    assert done.returncode == 2
    assert "the same inputs and outputs" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_gate_needs_something_to_compare_with(dnnbench, models):
    done = dnnbench("run", models / "fast.onnx", "--fake=ok", "--fail-above=5%", *QUICK)
    assert done.returncode == 2
    assert "--fail-above needs something to compare with" in done.stderr


def test_results_are_kept_and_a_later_run_is_compared_with_them(
    bench, models, tmp_path, history_of_runs
):
    part = "--fake=ok,duration_s=0.004"
    output = tmp_path / "results"
    first = bench(models / "fast.onnx", part, "--repeat=40", quick=False, output=output)
    (before,) = [json.loads(path.read_text()) for path in first.json_files()]
    flags = [part, "--repeat=40", f"--against={output}", "--fail-above=5%"]
    second = bench(models / "fast.onnx", *flags, quick=False, output=output)
    assert second.code == CANT_TELL or second.disturbed
    assert "--against=FOLDER" not in second.stdout
    if not (first.disturbed or second.disturbed):
        assert "repeating the same run a few more times shows this machine's own" in second.stdout
    assert "still the same, so there is nothing to measure in turns" in second.stderr
    assert "a default for a machine of which nothing is known" in second.stdout
    assert len(second.json_files()) == 1
    (kept,) = output.glob("*.json.1")
    assert json.loads(kept.read_text()) == before


def test_a_machine_remembers_what_two_runs_differ_by(
    bench, dnnbench, models, tmp_path, history_of_runs
):
    """Runs into folders of their own, until three of them were undisturbed."""
    undisturbed = []
    for number in range(6):
        output = tmp_path / str(number)
        flags = ["--fake=ok,duration_s=0.002", "--repeat=40"]
        run = bench(models / "fast.onnx", *flags, quick=False, output=output)
        result = run.only_result()
        if len(undisturbed) < 2:
            assert result["run_to_run"] is None
        if not run.disturbed:
            undisturbed.append((output, result))
        if len(undisturbed) == 3:
            break
        time.sleep(1)  # the second of its start distinguishes a run
    else:
        pytest.skip("this needs three undisturbed runs")
    known = undisturbed[2][1]["run_to_run"]
    assert known["runs"] == 3
    assert known["of"] == "candidate"
    assert known["since"] == undisturbed[0][1]["started_at"]
    medians = [result["latency_s"]["p50"] for _, result in undisturbed]
    assert known["ratio"] >= max(medians) / min(medians) - 1e-9
    text = dnnbench("compare", undisturbed[1][0], undisturbed[2][0]).stdout
    text = " ".join(text.split())
    assert "two runs on the machine differ by, from 3 repeated runs since " in text
    assert "a default" not in text


def test_a_cache_that_can_not_be_written_loses_no_result(bench, models, history_of_runs):
    history_of_runs.write_text("a file in its place")
    run = bench(models / "fast.onnx", "--fake=ok", *QUICK, quick=False)
    history_of_runs.unlink()
    assert run.code == 0
    assert run.only_result()["outcome"] == "ok"
    assert run.only_result()["run_to_run"] is None
    assert f"This run's medians could not be kept in {history_of_runs} " in run.stderr


def test_what_was_only_compared_with_is_not_missing_later(bench, dnnbench, models, tmp_path):
    slow, fast = models / "slow.onnx", models / "fast.onnx"
    part = "--fake=ok,duration_s=0.002"
    both = bench(slow, f"--versus={fast}", part, *QUICK, quick=False)
    marks = {
        Path(result["model_path"]).name: result["only_compared_with"]
        for result in map(json.loads, (path.read_text() for path in both.json_files()))
    }
    assert marks == {"slow.onnx": False, "fast.onnx": True}
    alone = bench(slow, part, *QUICK, quick=False)
    done = dnnbench("compare", both.output, alone.output, "--fail-above=5%")
    assert done.returncode in (0, CANT_TELL)
    assert "missing." in done.stdout and "missing\n" not in done.stdout
    # What was asked about is.
    other = bench(slow, "--onnxruntime")
    done = dnnbench("compare", alone.output, other.output, "--fail-above=5%")
    assert done.returncode == 3


def test_a_file_with_other_outputs_never_passes(bench, models, tmp_path):
    """A retrained model three times as slow: its forerunner is no yardstick."""
    retrained = tiny_models.convolution()
    for weights in retrained.graph.initializer:
        weights.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(weights), weights.name))
    before = tiny_models.save(retrained, tmp_path / "before.onnx")
    flags = ["--onnxruntime", *QUICK, f"--versus={before}", "--fail-above=5%"]
    run = bench(models / "fast.onnx", *flags, quick=False)
    assert run.code == CANT_TELL or run.disturbed
    assert "not compared, because what was before has other outputs (" in run.stdout
    assert "None is slower" not in run.stdout


def test_an_earlier_model_file_is_measured_again(bench, models, tmp_path):
    part = "--fake=ok,duration_s=0.004"
    earlier = bench(models / "fast.onnx", part, *QUICK, quick=False)
    changed = tmp_path / "changed.onnx"
    model = tiny_models.convolution()
    model.producer_name = "changed"
    tiny_models.save(model, changed)
    run = bench(changed, part, *QUICK, f"--against={earlier.output}", quick=False)
    results = [json.loads(path.read_text()) for path in run.json_files()]
    marks = {Path(result["model_path"]).name: result["only_compared_with"] for result in results}
    assert marks == {"fast.onnx": True, "changed.onnx": False}
    assert "fast.onnx -> changed.onnx" in run.stdout
    assert "drift" not in run.stderr


@pytest.fixture
def speed(programs, tmp_path):
    """speed(model): speed.sh of the documentation, with the fake engine and quick runs."""
    page = (REPOSITORY / "docs" / "continuous-integration.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    (tmp_path / "dnnbench").symlink_to(programs / "dnnbench")
    (tmp_path / "speed.sh").write_text(
        script.replace("--onnxruntime", "--fake=ok,duration_s=0.004")
    )
    door = tmp_path / "bench_model.sh"
    door.write_text(f'#!/bin/sh\nexec {programs / "dnnbench"} run "$@" --repeat=40 --warmup=0\n')
    door.chmod(0o755)

    # Engines' libraries are in the cache.
    folders = {
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "XDG_CACHE_HOME": str(cache_folder().parent),
    }

    def call(model: Path) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["sh", "speed.sh", model],
            cwd=tmp_path,
            env=os.environ | folders,
            capture_output=True,
            text=True,
        )

    return call


def test_the_documented_script_is_a_gate(speed, tmp_path):
    """Its two sides take turns although the model is replaced where it lies."""
    model = tiny_models.convolution()
    path = tiny_models.save(model, tmp_path / "model.onnx")
    first = speed(path)
    assert first.returncode in (0, CANT_TELL), first.stderr
    again = speed(path)
    assert again.returncode in (0, CANT_TELL), again.stderr
    assert first.returncode != 0 or (again.returncode, again.stdout) == (0, "")
    model.producer_name = "changed"
    tiny_models.save(model, path)
    changed = speed(path)
    assert changed.returncode in (0, CANT_TELL), changed.stderr
    assert "drift not cancelled" not in changed.stderr
    good = [first.returncode, again.returncode].count(0) > 0
    assert good == ("Compared with what was before" in changed.stdout)


@pytest.fixture
def with_versions(programs, tmp_path):
    """The programs, with two versions of ONNX Runtime of which one is a lie."""
    folder = tmp_path / "bin"
    folder.mkdir()
    shutil.copy(programs / "dnnbench", folder)
    for program in programs.glob("dnnbench-*"):
        (folder / program.name).symlink_to(program)
    for version in ("1.31.1", "1.30.9"):
        own = folder / "onnxruntime" / version
        own.mkdir(parents=True)
        (own / "dnnbench-engine-onnxruntime").symlink_to(programs / "dnnbench-engine-onnxruntime")
    return folder / "dnnbench"


def test_a_version_is_read_back_from_the_library(with_versions, models, tmp_path):
    flags = ["--onnxruntime=1.31.1,1.30.9", *QUICK, f"--output={tmp_path / 'results'}"]
    done = subprocess.run(
        [with_versions, "run", models / "fast.onnx", *flags], capture_output=True, text=True
    )
    assert done.returncode == 1
    results = [json.loads(path.read_text()) for path in (tmp_path / "results").glob("*.json")]
    outcomes = {result["backend_meta"]: result for result in results}
    assert outcomes["cpu-version=1.31.1"]["outcome"] == "ok"
    assert outcomes["cpu-version=1.31.1"]["engine_version"] == "1.31.1"
    wrong = outcomes["cpu-version=1.30.9"]
    assert wrong["outcome"] == "unsupported"
    assert wrong["reason"].startswith("version 1.30.9 was asked for, and the library is 1.31.1")
