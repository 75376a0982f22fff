"""The nine classifiers that the package `onnx` carries without their weights (each is a ConstantOfShape),
on the engines that import."""

import json
from pathlib import Path

import onnx
import pytest

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"


@pytest.mark.parametrize("model", sorted(LIGHT.glob("light_*.onnx")), ids=lambda path: path.stem)
@pytest.mark.parametrize("flag, engine", [("--pytorch", "pytorch"), ("--tf", "tensorflow")])
def test_light_models(bench, needs_engine, model, flag, engine):
    needs_engine(engine)
    result = bench(model, flag).only_result()
    assert result["outcome"] == "ok", json.dumps(result["verification"]) + result["reason"]
