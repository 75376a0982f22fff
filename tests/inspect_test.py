"""dnnbench inspect, as text and as JSON."""

import json

import pytest

import tiny_models

TEXT = """\
model     tiny.onnx
file      {bytes} bytes
format    ONNX IR version 8
opsets    ai.onnx 13
producer  not stated
weights   2,668 elements, 10,672 bytes
inputs
  x  float32[N,3,8,8]  measured as 1x3x8x8 (N set to 1)
outputs
  y  float32[N,10]
operators (4 nodes)
  Conv          1
  Flatten       1
  Gemm          1
  Relu          1
"""


@pytest.fixture
def dynamic(tmp_path):
    return tiny_models.save(tiny_models.convolution("N"), tmp_path / "tiny.onnx")


def test_a_model_as_text(dnnbench, dynamic):
    done = dnnbench("inspect", "tiny.onnx", cwd=dynamic.parent)
    size = f"{dynamic.stat().st_size:,}"
    assert (done.returncode, done.stdout, done.stderr) == (0, TEXT.format(bytes=size), "")


def test_a_model_as_json(dnnbench, dynamic):
    done = dnnbench("inspect", "tiny.onnx", "--json", cwd=dynamic.parent)
    assert (done.returncode, done.stderr) == (0, "")
    sizes = [{"size": 3, "symbol": ""}, {"size": 8, "symbol": ""}, {"size": 8, "symbol": ""}]
    assert json.loads(done.stdout) == {
        "model_path": "tiny.onnx",
        "file_bytes": dynamic.stat().st_size,
        "ir_version": 8,
        "opsets": {"ai.onnx": 13},
        "producer": "",
        "weight_elements": 2668,
        "weight_bytes": 10672,
        "inputs": [
            {
                "name": "x",
                "kind": "tensor",
                "type": "float32",
                "dimensions": [{"size": None, "symbol": "N"}, *sizes],
                "measured_as": [
                    {"size": 1, "source": "chosen"},
                    {"size": 3, "source": "model"},
                    {"size": 8, "source": "model"},
                    {"size": 8, "source": "model"},
                ],
                "range": None,
            }
        ],
        "outputs": [
            {
                "name": "y",
                "kind": "tensor",
                "type": "float32",
                "dimensions": [{"size": None, "symbol": "N"}, {"size": 10, "symbol": ""}],
            }
        ],
        "weight_files": [],
        "random_operators": [],
        "node_count": 4,
        "operators": [
            {"domain": "ai.onnx", "type": operator, "count": 1}
            for operator in ("Conv", "Flatten", "Gemm", "Relu")
        ],
    }


def test_a_shape_is_shown_as_it_will_be_measured(dnnbench, dynamic):
    done = dnnbench("inspect", dynamic, "--shape=x=7,3,8,8")
    assert done.returncode == 0
    assert "measured as 7x3x8x8 (N given)" in done.stdout


def test_a_shape_that_does_not_fit_is_one_sentence(dnnbench, dynamic):
    done = dnnbench("inspect", dynamic, "--shape=x=7,3,9,9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_ranges_weight_files_and_random_operators_are_shown(dnnbench, tmp_path):
    lookup = tiny_models.save(tiny_models.lookup(), tmp_path / "lookup.onnx")
    (ids,) = json.loads(dnnbench("inspect", lookup, "--json").stdout)["inputs"]
    assert (ids["type"], ids["range"]) == ("int64", [0, 4])
    external = tiny_models.save_with_external_data(tiny_models.lookup(), tmp_path / "external.onnx")
    assert "weight files\n  external.weights\n" in dnnbench("inspect", external).stdout
    random = tiny_models.save(tiny_models.random_normal(), tmp_path / "random.onnx")
    text = dnnbench("inspect", random).stdout
    assert "unverifiable\n" in text
    assert "RandomNormalLike" in text


def test_sequences_of_maps(dnnbench, tmp_path):
    path = tiny_models.save(tiny_models.tree_classifier(), tmp_path / "trees.onnx")
    assert "  probabilities  sequence of map(int64, float32)\n" in dnnbench("inspect", path).stdout
    output = json.loads(dnnbench("inspect", path, "--json").stdout)["outputs"][1]
    assert (output["kind"], output["type"]) == ("sequence", "map(int64, float32)")
