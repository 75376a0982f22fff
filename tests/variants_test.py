"""--variants and --quantize with the real engines, on a small convolutional network. About 15 s."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import tiny_models

SAMPLES = 16


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """A folder with x.npy, samples along the first dimension."""
    folder = tmp_path_factory.mktemp("samples")
    values = np.random.default_rng(0).standard_normal((SAMPLES, 3, 8, 8))
    np.save(folder / "x.npy", values.astype(np.float32))
    return folder


@pytest.fixture(scope="module")
def compared(bench, convolution, samples, tmp_path_factory):
    saved = tmp_path_factory.mktemp("saved")
    flags = ["--variants=int8,int8-dynamic", f"--calibration={samples}"]
    run = bench(
        convolution, "--onnxruntime", *flags, "--max-error=0.05", f"--save-variants={saved}"
    )
    return run, saved


def result_of(run, precision: str, engine: str = "onnxruntime") -> dict:
    suffix = "" if precision == "f32" else f"-precision={precision}"
    return run.results[f"{engine}-cpu{suffix}"]


def test_results_say_how_a_variant_was_made_and_what_it_costs(compared):
    run, saved = compared
    int8 = result_of(run, "int8")
    assert int8["outcome"] == "ok"
    assert int8["quantize"] is True
    assert int8["verification"]["verdict"] == "ok"
    assert int8["verification"]["tolerance"]["class"] == "quantised"
    assert int8["in_force"]["precision"] == "int8"
    assert int8["in_force"]["settings"]["node_precisions"] == "int8 2"
    variant = int8["variant"]
    assert variant["calibration"] == "samples"
    assert variant["calibration_samples"] == 12
    assert variant["products_in_int8"] == 2
    assert variant["size_bytes"] == (saved / "tiny-int8.onnx").stat().st_size
    assert int8["accuracy"]["samples"] == SAMPLES - 12
    assert int8["accuracy"]["inputs"] == "samples"
    assert 0 < int8["accuracy"]["median_error"] <= int8["accuracy"]["max_error"] < 0.05
    bounds = {"max_error": 0.05, "max_drop": None}
    assert int8["acceptance"] == {"accepted": True, "reason": "", **bounds}
    assert int8["vs_f32"]["value"] > 0
    f32 = result_of(run, "f32")
    assert f32["quantize"] is False
    assert "variant" not in f32


def test_names_of_files_say_which_are_quantised(compared):
    run, _ = compared
    names = [path.name for path in run.json_files()]
    assert names == [
        "tiny-quant=0-cpu-onnxruntime-cpu.json",
        "tiny-quant=1-cpu-onnxruntime-cpu-precision=int8-dynamic.json",
        "tiny-quant=1-cpu-onnxruntime-cpu-precision=int8.json",
    ]


def test_dynamic_int8_leaves_convolutions_in_f32(compared):
    dynamic = result_of(compared[0], "int8-dynamic")
    assert dynamic["variant"]["calibration"] == ""
    assert dynamic["variant"]["products_in_f32"] == 1
    assert dynamic["in_force"]["precision"] == "mixed"


@pytest.mark.parametrize("form", ["int8", "int8-dynamic"])
def test_saved_variants_load_in_the_stock_package_and_compute_the_same(
    compared, convolution, samples, form
):
    session = onnxruntime.InferenceSession(str(compared[1] / f"tiny-{form}.onnx"))
    f32 = onnxruntime.InferenceSession(str(convolution))
    sample = np.load(samples / "x.npy")[:1]
    (got,), (expected,) = session.run(None, {"x": sample}), f32.run(None, {"x": sample})
    assert np.linalg.norm(got - expected) < 0.05 * np.linalg.norm(expected)


@pytest.mark.parametrize("form", ["int8", "int8-dynamic"])
def test_saved_variants_are_verified_on_openvino(bench, compared, has_openvino, form):
    if not has_openvino:
        pytest.skip("OpenVINO is not built here")
    run = bench(compared[1] / f"tiny-{form}.onnx", "--openvino")
    assert run.only_result()["verification"]["verdict"] == "ok"


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino", "pytorch"])
def test_a_quantised_file_is_measured_in_int8_without_being_asked(
    bench, compared, needs_engine, engine
):
    needs_engine(engine)
    result = bench(compared[1] / "tiny-int8.onnx", f"--{engine}").only_result()
    assert (result["precision"], result["in_force"]["precision"]) == ("f32", "int8")
    assert "int8 2" in result["in_force"]["settings"]["node_precisions"] or engine == "openvino"
    assert result["verification"]["verdict"] == "ok"
    assert result["verification"]["tolerance"]["class"] == "quantised"


@pytest.mark.parametrize(
    ("engine", "precision"), [("onnxruntime", "int8"), ("openvino", "int8"), ("pytorch", "f32")]
)
def test_engines_that_round_to_8_bits_beside_weights_in_4_say_so(
    bench, needs_engine, tmp_path, engine, precision
):
    needs_engine(engine)
    random = np.random.default_rng(0)
    values = random.integers(-8, 8, 256 * 64).tolist()
    scales = (0.02 + 0.02 * random.random((8, 64))).astype(np.float32)
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "scales"], ["weights"], axis=0, block_size=32),
        helper.make_node("MatMul", ["x", "weights"], ["y"]),
    ]
    initializers = [
        helper.make_tensor("w", TensorProto.INT4, [256, 64], values),
        numpy_helper.from_array(scales, "scales"),
    ]
    inputs, outputs = [tiny_models.tensor("x", [4, 256])], [tiny_models.tensor("y", [4, 64])]
    model = tiny_models.model_of(nodes, inputs, outputs, initializers)
    model.opset_import[0].version = 21
    model.ir_version = 10
    result = bench(tiny_models.save(model, tmp_path / "4.onnx"), f"--{engine}").only_result()
    assert (result["outcome"], result["reason"]) == ("ok", "")
    if engine == "openvino" and not re.search("vnni|amx_int8", str(result["environment"]["isa"])):
        precision = "f32"  # without instructions for it
    assert result["in_force"]["precision"] == precision
    assert (result["verification"]["max_rel_error"] > 1e-4) == (precision == "int8")


def test_a_quantised_model_that_amplifies_a_step_may_differ_by_more(bench, tmp_path):
    """x near 1, in steps of 1/128, less 1: one step is as large as the output."""
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"]),
        helper.make_node("Sub", ["d", "one"], ["y"]),
    ]
    constants = {"scale": np.float32(1 / 128), "zero": np.uint8(0), "one": np.float32(1)}
    inputs, outputs = [tiny_models.tensor("x", [1, 64])], [tiny_models.tensor("y", [1, 64])]
    initializers = [numpy_helper.from_array(np.array(v), k) for k, v in constants.items()]
    model = tiny_models.model_of(nodes, inputs, outputs, initializers)
    x = 1 + np.linspace(-0.02, 0.02, 64, dtype=np.float32)[None]
    np.save(tmp_path / "x.npy", x)
    path = tiny_models.save(model, tmp_path / "steps.onnx")
    run = bench(path, "--onnxruntime", f"--input=x={tmp_path / 'x.npy'}")
    assert run.only_result()["verification"]["tolerance"]["norm"] == 0.25


def test_classes_may_flip_in_bf16_as_its_rounding_flips_them(bench, has_openvino, tmp_path):
    """Without probes in bf16 the few flips of f32 were allowed."""
    if not has_openvino:
        pytest.skip("OpenVINO is not built here")
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["classes"], axis=1),
    ]
    inputs = [tiny_models.tensor("x", [1, 3, 128, 128])]
    outputs = [tiny_models.tensor("classes", [1, 1, 128, 128], TensorProto.INT64)]
    model = tiny_models.model_of(nodes, inputs, outputs, [tiny_models.weights("w", 8, 3, 1, 1)])
    path = tiny_models.save(model, tmp_path / "segmentation.onnx")
    run = bench(path, "--openvino", "--variants=bf16")
    bf16 = result_of(run, "bf16", "openvino")
    assert bf16["outcome"] in ("ok", "unsupported"), bf16["reason"]  # by the CPU's instructions
    assert result_of(run, "f32", "openvino")["outcome"] == "ok"


def test_nothing_is_accepted_beyond_the_bound(bench, convolution, samples):
    flags = ["--variants=int8", f"--calibration={samples}", "--max-error=0.0001"]
    run = bench(convolution, "--onnxruntime", *flags)
    int8 = result_of(run, "int8")
    assert int8["acceptance"]["accepted"] is False
    assert "is above the bound of 0.0001" in int8["acceptance"]["reason"]
    assert int8["ranking"] is None
    assert run.disturbed or "No variant is accepted" in run.stdout
    assert "onnxruntime, int8: not accepted:" in run.stdout


def test_without_samples_int8_is_measured_but_never_ranked(bench, convolution):
    run = bench(convolution, "--onnxruntime", "--variants=int8")
    int8 = result_of(run, "int8")
    assert int8["outcome"] == "ok"
    assert int8["variant"]["calibration"] == "generated"
    assert int8["acceptance"]["accepted"] is False
    assert int8["ranking"] is None
    assert "uncalibrated" in run.stdout


def test_quantize_is_dynamic_int8_beside_f32(bench, convolution):
    run = bench(convolution, "--onnxruntime", "--quantize")
    assert sorted(run.results) == ["onnxruntime-cpu", "onnxruntime-cpu-precision=int8-dynamic"]
    assert result_of(run, "int8-dynamic")["acceptance"]["accepted"] is None


@pytest.mark.parametrize(
    ("form", "products"), [("int8", "int8 2"), ("int8-dynamic", "int8 1, f32 1")]
)
def test_pytorch_computes_in_int8(
    compared, bench, convolution, samples, needs_engine, form, products
):
    needs_engine("pytorch")
    flags = [f"--variants={form}", f"--calibration={samples}", "--max-error=0.05"]
    run = bench(convolution, "--pytorch", *flags)
    int8 = result_of(run, form, "pytorch")
    assert int8["outcome"] == "ok"
    assert int8["verification"]["verdict"] == "ok"
    assert int8["in_force"]["precision"] == ("int8" if form == "int8" else "mixed")
    assert int8["in_force"]["settings"]["node_precisions"] == products
    onnxruntime_too = result_of(compared[0], form)["accuracy"]["median_error"]
    assert int8["accuracy"]["median_error"] == pytest.approx(onnxruntime_too, rel=0.5)


def test_pytorch_adds_in_int8_whatever_the_zero_points(bench, tmp_path, needs_engine):
    needs_engine("pytorch")
    model = tiny_models.save(tiny_models.residual(), tmp_path / "residual.onnx")
    values = np.random.default_rng(1).standard_normal((8, 4, 9, 9))
    np.save(tmp_path / "x.npy", values.astype(np.float32))
    flags = ["--variants=int8", f"--calibration={tmp_path}"]
    int8 = result_of(bench(model, "--pytorch", *flags), "int8", "pytorch")
    assert int8["outcome"] == "ok"
    assert int8["verification"]["verdict"] == "ok"
    assert int8["in_force"]["precision"] == "int8"
    assert int8["in_force"]["settings"]["node_precisions"] == "int8 4"
    assert int8["accuracy"]["median_error"] < 0.05


@pytest.mark.parametrize("engine", ["tf", "tvm"])
def test_engines_without_a_way_to_int8_say_so(bench, convolution, needs_engine, engine):
    needs_engine("tensorflow" if engine == "tf" else engine)
    run = bench(convolution, f"--{engine}", "--quantize")
    refused = result_of(run, "int8-dynamic", engine)
    assert refused["outcome"] == "unsupported"
    assert "emulating them in f32 would only be slower" in refused["reason"]


def test_a_model_without_products_says_so(bench, tmp_path):
    model = tiny_models.save(tiny_models.one_node("Relu"), tmp_path / "relu.onnx")
    run = bench(model, "--onnxruntime", "--quantize")
    refused = result_of(run, "int8-dynamic")
    assert refused["outcome"] == "unsupported"
    assert "no Gemm or MatMul with constant f32 weights" in refused["reason"]


@pytest.mark.parametrize("opset", [11, 12])  # Gemm without a bias needs 11
def test_old_opsets_are_upgraded(bench, tmp_path, samples, opset):
    model = tiny_models.convolution()
    model.opset_import[0].version = opset
    path = tiny_models.save(model, tmp_path / "old.onnx")
    run = bench(path, "--onnxruntime", "--variants=int8", f"--calibration={samples}")
    assert result_of(run, "int8")["in_force"]["precision"] == "int8"


def test_labels_say_what_is_lost(bench, convolution, samples, tmp_path):
    session = onnxruntime.InferenceSession(str(convolution))
    values = np.load(samples / "x.npy")
    classes = [int(session.run(None, {"x": one[None]})[0].argmax()) for one in values]
    np.save(tmp_path / "labels.npy", np.array(classes))
    flags = [f"--calibration={samples}", f"--labels={tmp_path}/labels.npy", "--max-drop=0.01"]
    run = bench(convolution, "--onnxruntime", "--variants=int8", *flags)
    int8 = result_of(run, "int8")
    drop = int8["accuracy"]["drop"]
    assert (drop["metric"], drop["rows"], drop["f32"]) == ("top1", SAMPLES - 12, 1)
    assert drop["interval"][1] > 0.01  # of so few samples
    assert int8["acceptance"]["accepted"] is False


# Scores 1 where the largest output is that of the labels file.
METRIC = """
import sys, numpy as np
outputs, samples, labels = np.load(sys.argv[1] + "/y.npy"), np.load(sys.argv[2]), np.load(sys.argv[3])
print(*(outputs.argmax(-1) == labels[samples]).astype(int))
"""


def metric_flags(folder, samples, command: str) -> list[str]:
    return ["--variants=int8", f"--calibration={samples}", f"--metric={command}", "--max-drop=0.01"]


def test_a_command_judges_outputs(bench, convolution, samples, tmp_path):
    session = onnxruntime.InferenceSession(str(convolution))
    values = np.load(samples / "x.npy")
    classes = [int(session.run(None, {"x": one[None]})[0].argmax()) for one in values]
    classes[0] += 1
    np.save(tmp_path / "labels.npy", np.array(classes))
    (tmp_path / "metric.py").write_text(METRIC)
    command = f"{sys.executable} {tmp_path}/metric.py"
    flags = metric_flags(tmp_path, samples, command)
    run = bench(convolution, "--onnxruntime", f"--labels={tmp_path}/labels.npy", *flags)
    int8 = result_of(run, "int8")
    drop = int8["accuracy"]["drop"]
    assert (drop["metric"], drop["rows"]) == (command, SAMPLES - 12)
    assert drop["f32"] >= 1 - 1 / (SAMPLES - 12)
    assert drop["interval"][1] > 0.01  # of so few samples
    assert "the metric drops by" in int8["acceptance"]["reason"]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("echo sorry >&2; exit 3 #", "it ended with status 3: sorry"),
        ("no-such-command", "it ended with status 127"),
        ("echo 1 #", "it printed 1 numbers; one for each of 4 samples is needed"),
        ("echo 1 1 1 much #", "it printed 'much', which is not a number"),
        ("echo 1 1 1 2 #", "it printed 2; a score is from 0 to 1"),
        ("kill -9 $$ #", "it was ended by signal 9"),
    ],
)
def test_a_command_that_fails_is_one_sentence(
    bench, convolution, samples, tmp_path, command, sentence
):
    run = bench(convolution, "--onnxruntime", *metric_flags(tmp_path, samples, command))
    assert run.code == 2
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr


def test_a_command_that_hangs_is_ended(bench, convolution, samples, tmp_path):
    flags = metric_flags(tmp_path, samples, "sleep 600 #")
    run = bench(convolution, "--onnxruntime", *flags, "--timeout=5")
    assert run.code == 2
    assert "it did not end within 5 s" in run.stderr


def test_a_command_that_fails_on_a_variant_does_not_accept_it(
    bench, convolution, samples, tmp_path
):
    command = f"test ! -e {tmp_path}/once && touch {tmp_path}/once && echo 1 1 1 1 #"
    run = bench(convolution, "--onnxruntime", *metric_flags(tmp_path, samples, command))
    int8 = result_of(run, "int8")
    assert int8["outcome"] == "ok"
    assert int8["acceptance"]["accepted"] is False
    assert "it ended with status 1" in int8["acceptance"]["reason"]


def test_a_variant_is_made_once(bench, convolution, samples, tmp_path, monkeypatch):
    cache = tmp_path / "cache" / "dnn-bench"
    cache.mkdir(parents=True)
    for part in Path("~/.cache/dnn-bench").expanduser().iterdir():
        if part.name != "variants":
            (cache / part.name).symlink_to(part)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    flags = ["--onnxruntime", "--variants=int8", f"--calibration={samples}"]
    first = result_of(bench(convolution, *flags), "int8")
    second = result_of(bench(convolution, *flags), "int8")
    assert (first["variant"]["from_cache"], second["variant"]["from_cache"]) == (False, True)
    assert second["variant"]["make_s"] == first["variant"]["make_s"]
    assert second["outcome"] == "ok"
    bounded = result_of(bench(convolution, *flags, "--max-error=0.5"), "int8")
    assert bounded["variant"]["from_cache"] is False
    for kept in (cache / "variants").glob("*.onnx"):
        kept.write_bytes(kept.read_bytes()[:-1])
    again = result_of(bench(convolution, *flags), "int8")
    assert again["variant"]["from_cache"] is False
    assert again["outcome"] == "ok"


def test_samples_that_dont_fit_are_one_sentence(bench, convolution, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((4, 3, 9, 9), np.float32))
    run = bench(convolution, "--onnxruntime", "--variants=int8", f"--calibration={tmp_path}")
    assert run.code == 2
    assert "give samples along the first dimension" in run.stderr


def test_another_model_file_is_quantised_with_the_same_samples(
    bench, convolution, samples, tmp_path
):
    other = tmp_path / "other.onnx"
    shutil.copy(convolution, other)
    flags = [f"--versus={other}", "--variants=int8,int8-dynamic", f"--calibration={samples}"]
    run = bench(convolution, "--onnxruntime", *flags, "--max-error=0.05")
    of_both = [json.loads(path.read_text()) for path in run.json_files()]
    assert len(of_both) == 6
    for result in of_both:
        assert result["outcome"] == "ok", result["reason"]
        if result["quantize"]:
            assert result["accuracy"]["samples"] == SAMPLES - 12
            assert result["acceptance"]["accepted"] is True
