"""A file that can't be measured is reported in one sentence, and nothing is left of the attempt."""

import os
import random
from concurrent.futures import ThreadPoolExecutor

import onnx
import pytest
from onnx import helper

import tiny_models

CORRUPTIONS = 100


def custom_operator() -> bytes:
    model = tiny_models.one_node("Relu")
    model.graph.node[0].op_type, model.graph.node[0].domain = "Frobnicate", "org.example"
    model.opset_import.append(helper.make_opsetid("org.example", 1))
    return model.SerializeToString()


def unknown_opset() -> bytes:
    model = tiny_models.one_node("Relu")
    model.opset_import[0].version = 99
    return model.SerializeToString()


def unknown_ir_version() -> bytes:
    model = tiny_models.one_node("Relu")
    model.ir_version = 99
    return model.SerializeToString()


def check_refusal(code: int, stdout: str, stderr: str, words: list[str]) -> None:
    assert code == 2
    assert stdout == ""
    assert stderr.count("\n") == 1
    assert all(word in stderr for word in words), stderr


@pytest.mark.parametrize("subcommand", ["run", "inspect"])
@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"", "is empty, not an ONNX model"),
        (b"This is a text, not a model.\n" * 30, "is not an ONNX model"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is not an ONNX model"),
        (bytes(1000), "is not an ONNX model"),
        (tiny_models.convolution().SerializeToString()[:-500], "is cut short"),
        (tiny_models.convolution().SerializeToString()[:40], "cut short"),
        (custom_operator(), "contains the custom operator org.example"),
        (unknown_opset(), "needs opset 99"),
        (unknown_ir_version(), "is in version 99 of the ONNX format"),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else f"{len(value)}B",
)
def test_a_file_that_is_no_usable_model(dnnbench, tmp_path, subcommand, content, sentence):
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    output = [f"--output={tmp_path}/results"] if subcommand == "run" else []
    done = dnnbench(subcommand, path, *output)
    check_refusal(done.returncode, done.stdout, done.stderr, [str(path), sentence])
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder(dnnbench, tmp_path):
    for subcommand in ("run", "inspect"):
        done = dnnbench(subcommand, tmp_path)
        check_refusal(done.returncode, done.stdout, done.stderr, [str(tmp_path), "is a folder"])


def test_something_that_is_no_file(dnnbench):
    done = dnnbench("run", "/dev/null")
    check_refusal(done.returncode, done.stdout, done.stderr, ["/dev/null is not a regular file"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(dnnbench, tmp_path):
    path = tiny_models.save(tiny_models.one_node("Relu"), tmp_path / "secret.onnx")
    path.chmod(0)
    done = dnnbench("run", path)
    check_refusal(done.returncode, done.stdout, done.stderr, [str(path), "Permission denied"])


def test_missing_weights(bench, tmp_path):
    path = tiny_models.save_with_external_data(tiny_models.convolution(), tmp_path / "tiny.onnx")
    run = bench(path, "--onnxruntime")
    assert run.code == 0
    weights = tmp_path / "tiny.weights"
    assert run.only_result()["size"] == path.stat().st_size + weights.stat().st_size
    weights.unlink()
    run = bench(path, "--onnxruntime")
    check_refusal(run.code, run.stdout, run.stderr, [str(path), "tiny.weights"])
    assert not run.output.exists()


def test_weights_outside_of_the_model_s_folder(bench, tmp_path):
    """A model from a stranger must not make the program read other files."""
    path = tiny_models.save_with_external_data(tiny_models.convolution(), tmp_path / "tiny.onnx")
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        tensor.external_data[0].value = "../../../../etc/passwd"
    tiny_models.save(model, path)
    run = bench(path, "--onnxruntime")
    check_refusal(run.code, run.stdout, run.stderr, [str(path), "/etc/passwd"])


def test_a_graph_that_no_engine_can_run(bench, tmp_path):
    """Readable, but two of its shapes contradict each other: a reason, not an error of ours."""
    model = tiny_models.convolution()
    model.graph.node[3].input[1] = "w"
    run = bench(tiny_models.save(model, tmp_path / "odd.onnx"), "--onnxruntime", "--fake=ok")
    assert run.code == 1
    for result in run.results.values():
        assert result["outcome"] == "failed"
        assert "ONNX Runtime: " in result["reason"]


def corrupted(model: bytes, seed: int) -> bytes:
    """A few bytes changed, and sometimes some cut out."""
    source = random.Random(seed)
    content = bytearray(model)
    for _ in range(source.choice([1, 1, 2, 4, 16])):
        content[source.randrange(len(content))] = source.randrange(256)
    if source.random() < 0.2:
        start = source.randrange(len(content))
        del content[start : start + source.randrange(1, 20)]
    return bytes(content)


def test_corrupted_models_never_end_it_badly(bench, tmp_path):
    """Most of the bytes are structure and not weights, so most corruptions matter."""
    model = tiny_models.convolution(size=1)
    for tensor in model.graph.initializer:
        del tensor.dims[:]
        tensor.dims.extend([4, 3, 1, 1] if tensor.name == "w" else [4, 1])
        tensor.raw_data = bytes(4 * (12 if tensor.name == "w" else 4))
    model.graph.node[0].ClearField("attribute")
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 1
    content = model.SerializeToString()

    def attempt(seed: int) -> str:
        path = tmp_path / f"corrupted{seed}.onnx"
        path.write_bytes(corrupted(content, seed))
        run = bench(path, "--onnxruntime", "--timeout=20", "--repeat=1", "--warmup=0", quick=False)
        if run.code in (0, 1) and len(run.results) == 1 and "Traceback" not in run.stderr:
            return ""
        if run.code == 2 and run.stdout == "" and run.stderr.count("\n") == 1 and not run.results:
            return ""
        return f"seed {seed}: exit {run.code}: {run.stderr}"

    with ThreadPoolExecutor(2) as pool:
        complaints = [text for text in pool.map(attempt, range(CORRUPTIONS)) if text]
    assert complaints == []
