"""The engine that compiles ahead: compiled models verified, kept, found again, and made again when they
are not what they should be; and how a compiler that fails or hangs ends."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import tiny_models
from processes import MARK, cache_folder, installed_engines, processes_with, wait_until

REPOSITORY = Path(__file__).resolve().parent.parent
REQUIREMENTS = REPOSITORY / "setup" / "python" / "tvm.txt"
PYTHON = Path(f"python/tvm-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}/bin/python")


@pytest.fixture(scope="module", autouse=True)
def needs_tvm(programs):
    if not (programs / "dnnbench-engine-tvm").exists():
        pytest.skip("TVM is not built here")


def real_compiler() -> Path:
    return cache_folder() / PYTHON


class Cache:
    """A cache of its own, whose compiler is a script: the real one, counted, until it is replaced."""

    def __init__(self, folder: Path):
        self.folder = folder / "dnn-bench"
        self.compiled = self.folder / "compiled" / "tvm"  # nowhere else may the compiler write
        self.compiled.mkdir(parents=True)
        self.calls = self.compiled / "calls"
        (self.folder / "engines").symlink_to(installed_engines())
        self.replace_compiler(f'exec "{real_compiler()}" "$@"')

    def replace_compiler(self, commands: str) -> None:
        script = self.folder / PYTHON
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f'#!/bin/sh\necho >> "{self.calls}"\n{commands}\n')
        script.chmod(0o755)

    def compilations(self) -> int:
        return len(self.calls.read_text()) if self.calls.exists() else 0

    def libraries(self) -> list[Path]:
        return sorted(self.compiled.glob("*.so"))

    def leftovers(self) -> list[str]:
        found = [path for path in self.compiled.glob("*") if path != self.calls]
        return [path.name for path in found if path.suffix not in (".so", ".params", ".json")]


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def compiled(bench, cache):
    """The one result of a model on TVM with that cache."""

    def call(model, *flags, mark="") -> dict:
        environment = os.environ | {"XDG_CACHE_HOME": str(cache.folder.parent), MARK: mark}
        return bench(model, "--tvm", "--threads=1", *flags, env=environment).only_result()

    return call


def require_ok(result: dict) -> dict:
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert result["verification"]["verdict"] == "ok"
    return result


def test_a_compiled_model_is_verified_and_says_what_it_took(compiled, convolution):
    result = require_ok(compiled(convolution))
    assert result["compile_s"] > 0
    assert result["convert_s"] > 0
    assert result["load_s"] < result["compile_s"]
    assert result["in_force"]["threads"] == 1
    assert result["in_force"]["settings"]["schedules"] == "own"
    assert result["in_force"]["settings"]["target"].startswith("llvm -mcpu=")
    assert result["in_force"]["settings"]["compiled"] == "in this run"


def test_what_is_loaded_says_what_it_is(compiled, tmp_path):
    """Sigmoid and Add, which TVM makes one kernel of, then a softmax."""
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["s"]),
        helper.make_node("Add", ["x", "s"], ["a"]),
        helper.make_node("Softmax", ["a"], ["y"]),
    ]
    model = tiny_models.model_of(
        nodes, [tiny_models.tensor("x", [2, 3])], [tiny_models.tensor("y", None)]
    )
    result = require_ok(compiled(tiny_models.save(model, tmp_path / "model.onnx")))
    (package,) = [line for line in REQUIREMENTS.read_text().split() if "apache-tvm==" in line]
    assert result["engine_version"] == package.split("==")[1]
    assert result["in_force"]["settings"]["compiler"] == result["engine_version"]
    assert result["in_force"]["settings"]["tvm_ffi"].startswith("0.1.")
    assert result["in_force"]["placement"] == [{"device": "CPU", "nodes": 2}]


@pytest.mark.parametrize(
    ("kind", "precision"),
    [
        (TensorProto.FLOAT16, "f16"),
        (TensorProto.FLOAT, "f32"),
        (TensorProto.DOUBLE, "f64"),
    ],
)
def test_the_precision_is_that_of_the_compiled_model(compiled, tmp_path, kind, precision):
    """A table that is looked up: ONNX Runtime, which prepares models, does arithmetic in f32."""
    table = helper.make_tensor("w", kind, [5, 3], [0.25 * i for i in range(15)])
    model = tiny_models.model_of(
        [helper.make_node("Gather", ["w", "ids"], ["y"])],
        [tiny_models.tensor("ids", [4], tiny_models.INT64)],
        [tiny_models.tensor("y", [4, 3], kind)],
        [table],
    )
    result = require_ok(compiled(tiny_models.save(model, tmp_path / "table.onnx")))
    assert result["in_force"]["precision"] == precision


@pytest.mark.parametrize(
    ("kind", "precision", "coarsest"),
    [(TensorProto.FLOAT16, "mixed", "f16"), (TensorProto.DOUBLE, "f32", None)],
)
def test_several_precisions_are_mixed_but_for_doubles(
    compiled, tmp_path, kind, precision, coarsest
):
    nodes = [
        helper.make_node("Cast", ["x"], ["d"], to=kind),
        helper.make_node("Relu", ["d"], ["y"]),
    ]
    model = tiny_models.model_of(
        nodes, [tiny_models.tensor("x", [2, 3])], [tiny_models.tensor("y", [2, 3], kind)]
    )
    result = require_ok(compiled(tiny_models.save(model, tmp_path / "cast.onnx")))
    assert result["in_force"]["precision"] == precision
    assert result["in_force"]["settings"].get("coarsest_type") == coarsest


def test_nuphar_is_tvm(bench, convolution):
    assert require_ok(bench(convolution, "--nuphar").only_result())["backend"] == "tvm"


def test_threads_are_those_asked_for(bench, convolution):
    result = require_ok(bench(convolution, "--tvm", "--threads=2").only_result())
    assert result["in_force"]["threads"] == 2


def test_a_second_run_needs_no_compiler(compiled, cache, convolution):
    require_ok(compiled(convolution))
    assert cache.compilations() == 1
    cache.replace_compiler("exit 1")
    again = require_ok(compiled(convolution))
    assert cache.compilations() == 1
    assert again["compile_s"] is None
    assert again["in_force"]["settings"]["compiled"].startswith("earlier, in ")


def test_another_shape_is_another_model(compiled, cache, tmp_path):
    path = tiny_models.save(tiny_models.one_node("Relu"), tmp_path / "relu.onnx")
    require_ok(compiled(path))
    wider = tiny_models.one_node("Relu")
    for value in (*wider.graph.input, *wider.graph.output):
        value.type.tensor_type.shape.dim[1].dim_value = 5
    require_ok(compiled(tiny_models.save(wider, path)))
    assert cache.compilations() == 2


def test_other_weights_are_another_model(compiled, cache, tmp_path):
    """Weights are not in the simplified form, so that the key must look for them elsewhere."""
    path = tmp_path / "model.onnx"
    for scale in (1, 2):
        model = tiny_models.convolution(size=16)
        matrix = next(w for w in model.graph.initializer if w.name == "b")
        matrix.raw_data = (scale * helper.np.frombuffer(matrix.raw_data, "<f4")).tobytes()
        require_ok(compiled(tiny_models.save(model, path)))
    assert cache.compilations() == 2


def break_library(library: Path, _: Path) -> None:
    library.write_bytes(library.read_bytes()[:-1000])


def lose_weights(library: Path, _: Path) -> None:
    library.with_suffix(".params").unlink()


def lengthen_weights(library: Path, _: Path) -> None:
    weights = library.with_suffix(".params")
    weights.write_bytes(weights.read_bytes() + b"0")


def break_sidecar(library: Path, _: Path) -> None:
    library.with_suffix(".json").write_text('{"sha256": ')


def lose_sidecar(library: Path, _: Path) -> None:
    library.with_suffix(".json").unlink()


def take_another_s_library(library: Path, other: Path) -> None:
    library.write_bytes(other.read_bytes())


def take_another_s_entry(library: Path, other: Path) -> None:
    take_another_s_library(library, other)
    library.with_suffix(".json").write_bytes(other.with_suffix(".json").read_bytes())


@pytest.mark.parametrize(
    "damage",
    [
        break_library,
        lose_weights,
        lengthen_weights,
        break_sidecar,
        lose_sidecar,
        take_another_s_library,
        take_another_s_entry,
    ],
)
def test_an_entry_that_is_not_whole_or_not_its_own_is_made_again(
    compiled, cache, convolution, tmp_path, damage
):
    require_ok(compiled(tiny_models.save(tiny_models.one_node("Relu"), tmp_path / "other.onnx")))
    (other,) = cache.libraries()
    require_ok(compiled(convolution))
    (library,) = set(cache.libraries()) - {other}
    damage(library, other)
    assert require_ok(compiled(convolution))["compile_s"] > 0
    assert require_ok(compiled(convolution))["compile_s"] is None
    assert cache.compilations() == 3


NO_LIBRARY = b"not a library"


def test_a_kept_model_that_does_not_load_is_compiled_again(compiled, cache, convolution):
    """Though its checksum is right."""
    require_ok(compiled(convolution))
    (library,) = cache.libraries()
    library.write_bytes(NO_LIBRARY)
    sidecar = library.with_suffix(".json")
    entry = json.loads(sidecar.read_text())
    entry["sha256"]["library"] = hashlib.sha256(NO_LIBRARY).hexdigest()
    sidecar.write_text(json.dumps(entry))
    assert require_ok(compiled(convolution))["compile_s"] > 0
    assert require_ok(compiled(convolution))["compile_s"] is None
    assert cache.compilations() == 2


def test_a_compiled_model_that_does_not_load_is_not_kept(compiled, cache, convolution):
    cache.replace_compiler(
        f'"{real_compiler()}" "$@"; while [ "$1" != --library ]; do shift; done; '
        f'printf "{NO_LIBRARY.decode()}" > "$2"'
    )
    assert compiled(convolution)["outcome"] == "failed"
    assert cache.libraries() == cache.leftovers() == []


def joined_with_nothing():
    return tiny_models.model_of(
        [
            helper.make_node("Relu", ["x"], ["r"]),
            helper.make_node("Concat", ["r", "c"], ["y"], axis=1),
        ],
        [tiny_models.tensor("x", [1, 4, 3])],
        [tiny_models.tensor("y", None)],
        [numpy_helper.from_array(np.zeros((1, 0, 3), np.float32), "c")],
    )


def sparse_weights(indices: np.ndarray):
    values = helper.make_tensor("w", TensorProto.FLOAT, [3], [1.0, 2.0, 3.0])
    positions = numpy_helper.from_array(indices.astype(np.int64), "w_indices")
    model = tiny_models.model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [tiny_models.tensor("x", [2, 4])],
        [tiny_models.tensor("y", [2, 3])],
    )
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, positions, [4, 3]))
    return model


@pytest.mark.parametrize(
    "model",
    [
        joined_with_nothing(),
        sparse_weights(np.array([0, 5, 7])),
        sparse_weights(np.array([[0, 0], [1, 2], [2, 1]])),
    ],
    ids=["no elements", "sparse", "sparse, by coordinates"],
)
def test_unusual_weights(compiled, cache, tmp_path, model):
    path = tiny_models.save(model, tmp_path / "model.onnx")
    require_ok(compiled(path))
    assert require_ok(compiled(path))["compile_s"] is None


def indices_of_maxima():
    nodes = [helper.make_node("MaxPool", ["x"], ["y", "i"], name="here", kernel_shape=[2, 2])]
    outputs = [tiny_models.tensor("y", None), tiny_models.tensor("i", None, tiny_models.INT64)]
    return tiny_models.model_of(nodes, [tiny_models.tensor("x", [1, 2, 4, 4])], outputs)


def maximum_of_truths():
    """Which TVM's importer takes, and its compiler does not."""
    nodes = [
        helper.make_node("Cast", ["x"], ["b"], to=TensorProto.BOOL),
        helper.make_node("ReduceMax", ["b"], ["m"], name="here"),
        helper.make_node("Cast", ["m"], ["y"], to=TensorProto.FLOAT),
    ]
    model = tiny_models.model_of(
        nodes, [tiny_models.tensor("x", [2, 3])], [tiny_models.tensor("y", None)]
    )
    model.opset_import[0].version = 20
    return model


def four_bit_weights():
    """More than the small tensors that are folded beforehand."""
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s"], ["d"], name="here"),
        helper.make_node("MatMul", ["x", "d"], ["y"]),
    ]
    weights = helper.make_tensor("w", TensorProto.INT4, [64, 64], [i % 7 for i in range(64 * 64)])
    scale = numpy_helper.from_array(np.float32(0.1) * np.ones((), np.float32), "s")
    model = tiny_models.model_of(
        nodes, [tiny_models.tensor("x", [2, 64])], [tiny_models.tensor("y", None)], [weights, scale]
    )
    model.opset_import[0].version = 21
    model.ir_version = 10
    return model


def features():
    node = helper.make_node(
        "FeatureVectorizer", ["x"], ["y"], "here", domain="ai.onnx.ml", inputdimensions=[3]
    )
    model = tiny_models.model_of(
        [node], [tiny_models.tensor("x", [2, 3])], [tiny_models.tensor("y", None)]
    )
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    return model


def words():
    model = tiny_models.strings()
    model.graph.node[0].name = "here"
    return model


@pytest.mark.parametrize(
    ("model", "operator"),
    [
        (indices_of_maxima(), "MaxPool"),
        (maximum_of_truths(), "ReduceMax"),
        (four_bit_weights(), "DequantizeLinear"),
        (features(), "FeatureVectorizer"),
        (words(), "Identity"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_library_lacks_is_unsupported(compiled, cache, tmp_path, model, operator):
    result = compiled(tiny_models.save(model, tmp_path / "model.onnx"))
    assert result["outcome"] == "unsupported", result["reason"]
    assert operator in result["reason"]
    assert '"here"' in result["reason"]
    assert cache.libraries() == cache.leftovers() == []


def training_mode():
    outputs = ["y", "mean", "var"]
    nodes = [helper.make_node("BatchNormalization", ["x", *"sbmv"], outputs, training_mode=1)]
    parameters = [numpy_helper.from_array(np.float32([1, 2, 3]), name) for name in "sbmv"]
    model = tiny_models.model_of(
        nodes, [tiny_models.tensor("x", [4, 3, 5])], [tiny_models.tensor("y", None)], parameters
    )
    model.opset_import[0].version = 15
    return model


def nothing_reduced():
    nodes = [helper.make_node("ReduceSum", ["x"], ["y"], noop_with_empty_axes=1)]
    return tiny_models.model_of(
        nodes, [tiny_models.tensor("x", [2, 3])], [tiny_models.tensor("y", None)]
    )


@pytest.mark.parametrize(
    ("model", "outcome"),
    [(training_mode(), "unsupported"), (nothing_reduced(), "ok")],
    ids=["BatchNormalization that trains", "reduction of nothing"],
)
def test_what_the_library_alone_computes_wrongly(compiled, tmp_path, model, outcome):
    result = compiled(tiny_models.save(model, tmp_path / "model.onnx"))
    assert result["outcome"] == outcome, result["reason"]


def test_an_operator_that_the_importer_lacks_is_unsupported(compiled, cache, tmp_path):
    nodes = [helper.make_node("Det", ["x"], ["y"], name="determinant")]
    model = tiny_models.model_of(
        nodes, [tiny_models.tensor("x", [3, 3])], [tiny_models.tensor("y", [])]
    )
    result = compiled(tiny_models.save(model, tmp_path / "det.onnx"))
    assert result["outcome"] == "unsupported"
    assert "Det (opset 13)" in result["reason"]
    assert '"determinant"' in result["reason"]
    assert cache.libraries() == cache.leftovers() == []


@pytest.mark.parametrize(
    "commands, outcome, reason",
    [
        ("echo some words; exit 3", "failed", "exit code 3"),
        ("kill -SEGV $$", "failed", "SIGSEGV"),
        ("kill -KILL $$", "out_of_memory", "memory"),
        ('for r; do :; done; echo nonsense > "$r"; exit 1', "failed", "exit code 1"),
        ('for r; do :; done; printf \'{"outcome": "failed", "reason": "no luck"}\' > "$r"', "failed", "no luck"),
    ],
)  # fmt: skip
def test_a_compiler_that_fails_says_why(compiled, cache, convolution, commands, outcome, reason):
    cache.replace_compiler(commands)
    result = compiled(convolution)
    assert result["outcome"] == outcome
    assert reason in result["reason"]
    assert cache.libraries() == cache.leftovers() == []


def test_a_missing_compiler_says_what_installs_it(compiled, cache, convolution):
    (cache.folder / PYTHON).unlink()
    result = compiled(convolution)
    assert result["outcome"] == "failed"
    assert "--tvm installs it" in result["reason"]


def test_a_compiler_that_hangs_is_ended_with_all_it_started(compiled, cache, convolution):
    cache.replace_compiler("sleep 1000 & sleep 1000")
    mark = uuid.uuid4().hex
    result = compiled(convolution, "--timeout=8", mark=mark)
    assert result["outcome"] == "timed_out"
    assert "load" in result["reason"]
    wait_until(lambda: not processes_with(mark))


def test_a_killed_worker_takes_the_compiler_with_it(programs, cache, convolution, tmp_path):
    cache.replace_compiler("exec sleep 1000")
    mark = uuid.uuid4().hex
    environment = os.environ | {"XDG_CACHE_HOME": str(cache.folder.parent), MARK: mark}
    run = subprocess.Popen(
        [programs / "dnnbench", "run", convolution, "--tvm", f"--output={tmp_path / 'results'}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def with_name(name: str) -> list[int]:
        return [pid for pid, line in processes_with(mark).items() if name in line]

    wait_until(lambda: with_name("sleep"))
    (worker,) = with_name("dnnbench-engine-tvm")
    os.kill(worker, signal.SIGKILL)
    run.wait()
    wait_until(lambda: not processes_with(mark))


def tuner_of(commands: str) -> str:
    """A compiler that compiles, and does this instead of tuning."""
    return f'case "$*" in *--tune*) {commands} ;; esac; exec "{real_compiler()}" "$@"'


def test_tuning_is_kept_and_goes_on(compiled, cache, convolution):
    """The search counts what earlier ones spent, and is asked for by each run that wants it."""
    first = require_ok(compiled(convolution, "--tune-budget=1"))
    reported = first["in_force"]["settings"]
    assert first["tune_s"] > 1
    assert first["compile_s"] > 0
    assert reported["schedules"] in ("own", "tuned")
    assert int(reported["tuning_trials"]) >= 1
    assert reported["tuned_functions"].endswith(" of 2")
    assert "tuning" not in reported
    assert cache.compilations() == 2

    again = require_ok(compiled(convolution, "--tune-budget=1"))
    assert (again["tune_s"], again["compile_s"]) == (None, None)
    assert again["in_force"]["settings"] == reported | {
        "compiled": again["in_force"]["settings"]["compiled"]
    }
    assert cache.compilations() == 2

    without = require_ok(compiled(convolution))
    assert without["tune_s"] is None
    assert without["in_force"]["settings"]["schedules"] == "own"
    assert "tuning_trials" not in without["in_force"]["settings"]
    assert cache.compilations() == 2

    longer = require_ok(compiled(convolution, "--tune-budget=2.5"))
    assert longer["compile_s"] is None
    assert int(longer["in_force"]["settings"]["tuning_trials"]) >= int(reported["tuning_trials"])
    assert float(longer["in_force"]["settings"]["tuning_s"]) > float(reported["tuning_s"])
    assert cache.compilations() == 3


@pytest.mark.parametrize(
    "commands, reason",
    [
        ("kill -SEGV $$", "SIGSEGV"),
        ("exit 3", "exit code 3"),
        ("kill -KILL $$", "memory"),
    ],
)
def test_a_tuner_that_fails_leaves_what_was_compiled(
    compiled, cache, convolution, commands, reason
):
    cache.replace_compiler(tuner_of(commands))
    result = require_ok(compiled(convolution, "--tune-budget=5"))
    assert result["in_force"]["settings"]["schedules"] == "own"
    assert reason in result["in_force"]["settings"]["tuning"]
    assert cache.leftovers() == []


def test_a_tuner_that_hangs_is_ended_and_what_was_compiled_stays(compiled, cache, convolution):
    require_ok(compiled(convolution))
    cache.replace_compiler(tuner_of("sleep 1000 & sleep 1000"))
    mark = uuid.uuid4().hex
    result = compiled(convolution, "--tune-budget=1", "--timeout=2", mark=mark)
    assert result["outcome"] == "timed_out"
    wait_until(lambda: not processes_with(mark))
    assert require_ok(compiled(convolution))["compile_s"] is None


def test_tuning_without_tvm_is_a_mistake(bench, convolution):
    run = bench(convolution, "--onnxruntime", "--tune-budget=1")
    assert run.code == 2
    assert "--tune-budget needs an engine that can search for faster code" in run.stderr


LOAD_KEPT = """
import sys, numpy, tvm
from tvm import relax
folder = sys.argv[1]
weights = tvm.runtime.load_param_dict_from_file(f"{folder}/model.params")
model = relax.VirtualMachine(tvm.runtime.load_module(f"{folder}/model.so"), tvm.cpu())
image = tvm.runtime.tensor(numpy.ones((1, 4), numpy.float32))
print(model["main"](image, *(weights[f"weight{i}"] for i in range(len(weights)))).numpy().sum())
"""


def test_what_is_kept_runs_in_stock_tvm(bench, tmp_path):
    """With a matrix that is large enough to lie beside the library."""
    matrix = helper.make_tensor("w", tiny_models.FLOAT, [4, 1 << 17], [1.0] * (4 << 17))
    model = tiny_models.model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [tiny_models.tensor("x", [1, 4])],
        [tiny_models.tensor("y", [1, 1 << 17])],
        [matrix],
    )
    path = tiny_models.save(model, tmp_path / "product.onnx")
    kept = bench(path, "--tvm", f"--save-converted={tmp_path / 'kept'}").only_result()
    folder = Path(require_ok(kept)["converted_path"])
    assert folder.parent == tmp_path / "kept"
    assert (folder / "model.params").stat().st_size > 1 << 20
    output = subprocess.check_output([real_compiler(), "-c", LOAD_KEPT, folder], text=True)
    assert float(output) == 4 << 17


@pytest.mark.parametrize("name", ["mobilenetv2-10", "shufflenet-v2-10", "super-resolution-10"])
def test_generated_models(bench, tmp_path, name):
    script = REPOSITORY / "models" / "make_models.py"
    subprocess.run([sys.executable, script, name, "--out", tmp_path], check=True)
    result = require_ok(bench(tmp_path / f"{name}.onnx", "--tvm").only_result())
    assert json.dumps(result["in_force"]["settings"]).count("own") == 1
