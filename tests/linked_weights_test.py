"""External weights behind links that lead out of the model's folder, as a Hugging Face cache has
them: snapshots/REVISION/onnx/model.onnx_data -> ../../../blobs/HASH."""

import pytest

import tiny_models


@pytest.fixture
def linked_model(tmp_path):
    """A model and its weights, each a link to a file named by a hash."""
    model = tiny_models.save_with_external_data(tiny_models.convolution(), tmp_path / "tiny.onnx")
    blobs = tmp_path / "blobs"
    folder = tmp_path / "snapshots" / "main" / "onnx"
    blobs.mkdir()
    folder.mkdir(parents=True)
    for path in (model, model.with_suffix(".weights")):
        path.rename(blobs / f"hash-of-{path.suffix[1:]}")
        (folder / path.name).symlink_to(f"../../../blobs/hash-of-{path.suffix[1:]}")
    return folder / model.name


def test_every_engine_reads_them(bench, needs_engine, linked_model):
    engines = ["onnxruntime", "openvino", "pytorch", "tf", "tvm"]
    for engine in ["openvino", "pytorch", "tensorflow", "tvm"]:
        needs_engine(engine)
    run = bench(linked_model, *(f"--{engine}" for engine in engines))
    outcomes = {r["backend"]: (r["outcome"], r["reason"]) for r in run.results.values()}
    assert set(outcomes) == set(engines)
    assert {outcome for outcome, _ in outcomes.values()} == {"ok"}, outcomes
    (openvino,) = (r for r in run.results.values() if r["backend"] == "openvino")
    assert "real paths" in openvino["in_force"]["settings"]["external_weights"]
