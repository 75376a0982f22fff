"""Operators of many attribute combinations on the engines that import, against ONNX Runtime: each
family is a seeded generator of small models. (Convolutions, windows, resizing and indices have a
file of their own.)"""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import node_cases

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


class Model:
    """A model of one node under construction: inputs are given arrays, or constants."""

    def __init__(self, opset: int):
        self.opset, self.given, self.constants, self.names = opset, {}, [], []

    def input(self, array: np.ndarray) -> "Model":
        name = f"i{len(self.names)}"
        self.given[name] = array
        self.names.append(name)
        return self

    def constant(self, array: np.ndarray) -> "Model":
        name = f"c{len(self.names)}"
        self.constants.append(numpy_helper.from_array(array, name))
        self.names.append(name)
        return self

    def missing(self) -> "Model":
        self.names.append("")
        return self

    def build(self, op: str, outputs: str = "y", domain: str = "", **attributes):
        node = helper.make_node(op, self.names, outputs.split(), domain=domain, **attributes)
        node.output[:] = ["" if name == "-" else name for name in node.output]
        inputs = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in self.given.items()
        ]
        made = [helper.make_empty_tensor_value_info(name) for name in node.output if name]
        graph = helper.make_graph([node], "generated", inputs, made, self.constants)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10), self.given


def floats(random, *shape, scale=1.0, offset=0.0):
    return (random.standard_normal(shape) * scale + offset).astype(np.float32)


def attention(random):
    """Attention of opset 23: heads shared or not, masks, caps, pasts, and the scores as an output."""
    kind = random.choice(["none", "bool", "float", "full"])
    flat, shared, past = random.random(3) < (0.4, 0.4, 0.3)
    mode = int(random.integers(0, 4))
    causal = bool(random.random() < 0.3)
    # Where ONNX Runtime writes the lowest number for what a mask forbids, minus infinity is right.
    if mode == 2 and (kind == "bool" or causal):
        mode = 3
    batch, heads, queries, keys, size = 2, 4, 3, 5, 8
    kept = heads // 2 if shared else heads
    model = Model(23)

    def heads_of(count, turns):
        shape = (batch, turns, count * size) if flat else (batch, count, turns, size)
        model.input(floats(random, *shape))

    heads_of(heads, queries), heads_of(kept, keys), heads_of(kept, keys)
    all_keys = keys + (4 if past else 0)
    if kind == "none":
        model.missing()
    elif kind == "bool":
        allowed = random.random((queries, all_keys)) < 0.7
        allowed[:, 0] = True
        model.input(allowed)
    else:
        lead = (batch, 1) if kind == "full" else ()
        model.input(floats(random, *lead, queries, all_keys))
    if past:
        model.input(floats(random, batch, kept, 4, size))
        model.input(floats(random, batch, kept, 4, size))
    attributes = {"is_causal": int(causal), "qk_matmul_output_mode": mode}
    if random.random() < 0.5:
        attributes["softcap"] = 2.0
    if random.random() < 0.4:
        attributes["scale"] = 0.3
    if flat:
        attributes |= {"q_num_heads": heads, "kv_num_heads": kept}
    return model.build("Attention", "y k v qk" if past else "y - - qk", **attributes)


FAMILIES = {
    "attention": (attention, 40),
}


def generated(make, count, seed):
    models, inputs = {}, {}
    for i in range(count):
        random = np.random.default_rng([seed, i])
        model, given = make(random)
        node = model.graph.node[0]
        attributes = ", ".join(f"{a.name}={helper.get_attribute_value(a)}" for a in node.attribute)
        shapes = " ".join(str(list(array.shape)) for array in given.values())
        name = f"{i} {node.op_type}({attributes}) of {shapes}"
        models[name], inputs[name] = model, given
    return models, inputs


@pytest.fixture(scope="module")
def failures(programs, tmp_path_factory):
    models, inputs = {}, {}
    for family, (make, count) in FAMILIES.items():
        made, given = generated(make, count, seed=len(family))
        models |= {f"{family} {name}": model for name, model in made.items()}
        inputs |= {f"{family} {name}": arrays for name, arrays in given.items()}
    return node_cases.run_cases(programs, tmp_path_factory.mktemp("generated"), models, inputs)


@pytest.mark.parametrize("engine", node_cases.ENGINES)
@pytest.mark.parametrize("family", FAMILIES)
def test_it_computes_what_onnx_runtime_does(failures, family, engine):
    if engine not in failures:
        pytest.skip(f"{engine} is not built here")
    of_family = {n: why for n, why in failures[engine].items() if n.startswith(f"{family} ")}
    assert of_family == {}
