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
    blind = random.random() < 0.4  # a query that may attend to no key
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
        if blind:
            allowed[1] = False
        model.input(allowed)
    else:
        lead = (batch, 1) if kind == "full" else ()
        added = floats(random, *lead, queries, all_keys)
        if blind:
            added[..., 1, :] = -np.inf
        model.input(added)
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


ACTIVATIONS = {
    "Sigmoid": (),
    "Tanh": (),
    "Relu": (),
    "Softsign": (),
    "Softplus": (),
    "HardSigmoid": (0.3, 0.4),
    "LeakyRelu": (0.1,),
    "Elu": (0.7,),
    "ThresholdedRelu": (0.2,),
    "Affine": (0.6, 0.1),
    "ScaledTanh": (0.8, 0.9),
}


def choose_activations(random, count, attributes, any_case):
    """Names, also in lower and upper case; the lists hold parameters of those only that take them, or none at all."""
    names = random.choice(list(ACTIVATIONS), count)
    alphas = [p[0] for p in map(ACTIVATIONS.get, names) if p]
    betas = [p[1] for p in map(ACTIVATIONS.get, names) if len(p) == 2]
    styles = [str, str.lower, str.upper] if any_case else [str]
    attributes["activations"] = [
        styles[random.integers(0, len(styles))](str(name)) for name in names
    ]
    # Without parameters a function takes its own defaults. On those of three ONNX and ONNX Runtime
    # disagree, and an importer says so.
    if random.random() < 0.6 or {"Affine", "ScaledTanh", "ThresholdedRelu"} & set(names):
        if alphas:
            attributes["activation_alpha"] = alphas
        if betas:
            attributes["activation_beta"] = betas


def recurrent(random):
    """LSTM, GRU and RNN: directions, activations, lengths, states, peepholes, clip, layout."""
    op, gates, functions = [("LSTM", 4, 3), ("GRU", 3, 2), ("RNN", 1, 1)][random.integers(0, 3)]
    direction = random.choice(["forward", "reverse", "bidirectional"])
    both = 2 if direction == "bidirectional" else 1
    steps, batch, size, hidden = 5, 2, 3, 4
    model = Model(14)
    model.input(floats(random, steps, batch, size))
    model.constant(floats(random, both, gates * hidden, size, scale=0.4))
    model.constant(floats(random, both, gates * hidden, hidden, scale=0.4))
    has_bias, has_lengths, has_states = random.random(3) < (0.7, 0.3, 0.5)
    if has_bias:
        model.constant(floats(random, both, 2 * gates * hidden, scale=0.3))
    else:
        model.missing()
    if has_lengths:
        model.constant(np.array([steps, 3], np.int32))
    else:
        model.missing()
    if has_states:
        model.input(floats(random, both, batch, hidden))
        if op == "LSTM":
            model.input(floats(random, both, batch, hidden))
    attributes = {"hidden_size": hidden, "direction": str(direction)}
    if op == "LSTM" and has_states and random.random() < 0.4:
        model.constant(floats(random, both, 3 * hidden))
    if random.random() < 0.7:
        # ONNX Runtime minds the case in RNN alone.
        choose_activations(random, functions * both, attributes, any_case=op != "RNN")
    if random.random() < 0.3:
        attributes["clip"] = 0.5
    if op == "GRU":
        attributes["linear_before_reset"] = int(random.integers(0, 2))
    if op == "LSTM" and random.random() < 0.2:
        attributes["input_forget"] = 1
    return model.build(op, "y h c" if op == "LSTM" else "y h", **attributes)


REDUCTIONS = [
    "ReduceSum",
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceL1",
    "ReduceL2",
    "ReduceSumSquare",
    "ReduceLogSum",
    "ReduceLogSumExp",
]


def reduction(random):
    """Reductions: axes as an attribute or an input, by the opset, negative or none; kept or not."""
    op = random.choice(REDUCTIONS)
    opset = int(random.choice([11, 13, 18]))
    by_input = opset >= 18 or (op == "ReduceSum" and opset >= 13)
    shape = [2, 3, 4, 2][: random.integers(1, 5)]
    data = floats(random, *shape)
    model = Model(opset)
    model.input(np.abs(data) + 0.1 if op == "ReduceLogSum" else data)
    count = random.integers(0, len(shape) + 1)
    axes = random.permutation(len(shape))[:count]
    axes = [int(axis - len(shape) if random.random() < 0.4 else axis) for axis in axes]
    attributes = {"keepdims": int(random.integers(0, 2))}
    if by_input and axes:
        model.constant(np.array(axes, np.int64))
    elif axes:
        attributes["axes"] = axes
    if by_input and not axes and random.random() < 0.5:
        attributes["noop_with_empty_axes"] = 1
        # ONNX Runtime leaves the elements as they are, without the square or the logarithm.
        if op not in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"):
            del attributes["noop_with_empty_axes"]
    return model.build(op, **attributes)


def along_axis(random):
    """What works along one axis, which up to opset 12 splits a matrix."""
    op = random.choice(["Softmax", "LogSoftmax", "Hardmax", "ArgMax", "ArgMin", "CumSum", "TopK"])
    shape = [2, 3, 4, 3][: random.integers(1, 5)]
    axis = int(random.integers(-len(shape), len(shape)))
    opset = int(random.choice([11, 13])) if op != "TopK" else 11
    model = Model(opset)
    if op in ("ArgMax", "ArgMin"):
        # Few different numbers, so that the extreme is there more than once.
        model.input(random.integers(0, 3, shape).astype(np.float32))
        keep, last = map(int, random.integers(0, 2, 2))
        return model.build(
            op,
            axis=axis,
            keepdims=keep,
            **({"select_last_index": last} if opset >= 12 else {}),
        )
    model.input(floats(random, *shape))
    if op == "CumSum":
        model.constant(np.array(axis, np.int64))
        exclusive, reverse = map(int, random.integers(0, 2, 2))
        return model.build(op, exclusive=exclusive, reverse=reverse)
    if op == "TopK":
        model.constant(np.array([shape[axis] - 1], np.int64))
        return model.build(op, "y i", axis=axis, largest=int(random.integers(0, 2)))
    return model.build(op, **({"axis": axis} if random.random() < 0.8 else {}))


def normalization(random):
    """Normalisations with constants as parameters and inputs of a variance near epsilon."""
    op = random.choice(
        [
            "LayerNormalization",
            "RMSNormalization",
            "GroupNormalization",
            "InstanceNormalization",
            "BatchNormalization",
            "MeanVarianceNormalization",
            "LRN",
            "LpNormalization",
        ]
    )
    rank = 4 if op == "LRN" else int(random.integers(3, 6))
    shape = [2, 4, 3, 2, 3][:rank]
    model = Model(23 if op == "RMSNormalization" else 21)
    kind = np.float32
    if op in ("LayerNormalization", "RMSNormalization"):
        kind = random.choice([np.float32, np.float64])
    data = floats(random, *shape, scale=float(random.choice([1.0, 0.05])))
    model.input(data.astype(kind))
    epsilon = float(random.choice([1e-5, 1e-3, 0.1, 1e-12]))
    if op in ("LayerNormalization", "RMSNormalization"):
        axis = int(random.integers(1, rank)) - (rank if random.random() < 0.5 else 0)
        model.constant(floats(random, *shape[axis:], offset=1.0).astype(kind))
        if op == "LayerNormalization" and random.random() < 0.7:
            model.constant(floats(random, *shape[axis:]).astype(kind))
        outputs = "y m s" if op == "LayerNormalization" and random.random() < 0.3 else "y"
        return model.build(op, outputs, axis=axis, epsilon=epsilon)
    if op == "MeanVarianceNormalization":
        axes = sorted(map(int, random.permutation(rank)[: random.integers(1, rank)]))
        return model.build(op, axes=axes)
    if op == "LRN":
        size = int(random.choice([1, 3, 5]))
        return model.build(op, size=size, alpha=0.3, beta=0.6, bias=1.5)
    if op == "LpNormalization":
        return model.build(op, axis=int(random.integers(-rank, rank)), p=int(random.integers(1, 3)))
    channels = shape[1]
    count = {"BatchNormalization": 4}.get(op, 2)
    for i in range(count):
        model.constant(floats(random, channels, scale=0.1, offset=0.5 + i))
    if op == "GroupNormalization":
        return model.build(op, num_groups=int(random.choice([1, 2, 4])), epsilon=epsilon)
    return model.build(op, epsilon=epsilon)


EQUATIONS = {
    "ij,jk->ik": ("ij", "jk"),
    "ij,jk": ("ij", "jk"),
    " i j , j k -> k i ": ("ij", "jk"),
    "bij,bjk->bik": ("bij", "bjk"),
    "...ij,...jk->...ik": ("bcij", "bcjk"),
    "ij->ji": ("ij",),
    "ij->i": ("ij",),
    "ij->": ("ij",),
    "ij": ("ij",),
    "ba": ("ba",),
    "bhid,bhjd->bhij": ("bhid", "bhjd"),
    "i,j->ij": ("i", "j"),
    "i,i->": ("i", "i"),
    "ij,ik,kl->jl": ("ij", "ik", "kl"),
    "ii->i": ("ii",),
    "ii": ("ii",),
    "...ii->...i": ("bii",),
    "bij,jk->bik": ("bij", "jk"),
    "abc,cd,def->ae": ("abc", "cd", "def"),
    "...j,...->j...": ("bcj", "bc"),
    "b...a": ("bcda",),
    "Ij,jK->KI": ("ij", "jk"),
}


def einsum(random):
    equation = list(EQUATIONS)[random.integers(0, len(EQUATIONS))]
    sizes = dict.fromkeys("abcdefhijkl", 0)
    for letter in sizes:
        sizes[letter] = int(random.integers(2, 5))
    model = Model(13)
    for letters in EQUATIONS[equation]:
        model.input(floats(random, *(sizes[letter] for letter in letters)))
    return model.build("Einsum", equation=equation)


def quantization(random):
    """Scales and zero points of a tensor, an axis or blocks."""
    op = random.choice(["QuantizeLinear", "DequantizeLinear"])
    kind = random.choice([np.uint8, np.int8, np.int16, np.uint16])
    limits = np.iinfo(kind)
    shape = [4, 6, 3][: random.integers(1, 4)]
    axis = int(random.integers(-len(shape), len(shape)))
    form = random.choice(["tensor", "axis", "blocks"])
    parameters = {"tensor": [], "axis": [shape[axis]]}
    attributes = {"axis": axis} if form != "tensor" else {}
    if form == "blocks":
        # Blocks of a last axis: ONNX Runtime takes others too, but cut ones only there.
        block = 2 if shape[axis] % 2 == 0 else 3
        blocked = list(shape)
        blocked[axis] //= block
        parameters["blocks"] = blocked
        attributes["block_size"] = block
    model = Model(23)
    if op == "DequantizeLinear" and random.random() < 0.3:
        attributes["output_dtype"] = TensorProto.FLOAT16
    if op == "QuantizeLinear":
        model.input(floats(random, *shape, scale=3.0))
    else:
        model.input(random.integers(limits.min, limits.max + 1, shape).astype(kind))
    scales = np.abs(floats(random, *parameters[form])) + np.float32(0.02)
    model.constant(np.asarray(scales, np.float32))
    if random.random() < 0.7:
        zero = random.integers(limits.min // 4, limits.max // 4 + 1, parameters[form])
        model.constant(np.asarray(zero, kind))
    elif op == "QuantizeLinear" and kind != np.uint8:
        attributes["output_dtype"] = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    return model.build(op, **attributes)


def quantized_product(random):
    """Products of 8-bit matrices: zero points and scales of b for all or for each column."""
    kind = random.choice([np.uint8, np.int8])
    limits = np.iinfo(kind)
    lead = [2] if random.random() < 0.5 else []
    per_column = [5] if random.random() < 0.5 else [[], [1]][random.integers(0, 2)]

    def whole(*shape):
        return np.asarray(random.integers(limits.min, limits.max + 1, shape), kind)

    def scales(*shape):
        return np.asarray(random.uniform(0.01, 0.05, shape), np.float32)

    model = Model(21)
    if random.random() < 0.4:
        model.input(whole(*lead, 3, 4)).constant(whole(4, 5))
        if random.random() < 0.8:
            model.constant(whole())
            if random.random() < 0.8:
                model.constant(whole(*per_column))
        return model.build("MatMulInteger")
    model.input(whole(*lead, 3, 4)).constant(scales()).constant(whole())
    model.constant(whole(4, 5)).constant(scales(*per_column)).constant(whole(*per_column))
    model.constant(scales() + np.float32(0.1)).constant(whole())
    return model.build("QLinearMatMul")


def matrix(random):
    """Gemm: transposed, scaled, with a C of any shape that broadcasts."""
    rows, inner, columns = 3, 4, 5
    left, right = map(int, random.integers(0, 2, 2))
    model = Model(13)
    model.input(floats(random, *((inner, rows) if left else (rows, inner))))
    weights = floats(random, *((columns, inner) if right else (inner, columns)))
    (model.constant if random.random() < 0.7 else model.input)(weights)
    shapes = [None, (), (1,), (columns,), (1, columns), (rows, 1), (rows, columns)]
    shape = shapes[random.integers(0, len(shapes))]
    if shape is not None:
        model.constant(np.asarray(floats(random, *shape), np.float32))
    alpha, beta = (float(random.choice([1.0, 0.5])) for _ in range(2))
    return model.build("Gemm", transA=left, transB=right, alpha=alpha, beta=beta)


ELEMENTWISE = {
    "Celu": ("alpha",),
    "Elu": ("alpha",),
    "HardSigmoid": ("alpha", "beta"),
    "LeakyRelu": ("alpha",),
    "Selu": ("alpha", "gamma"),
    "Shrink": ("lambd", "bias"),
    "ThresholdedRelu": ("alpha",),
    "HardSwish": (),
    "Mish": (),
    "Softplus": (),
    "Softsign": (),
    "Gelu": (),
    "Sigmoid": (),
}


def activation(random):
    """Activations with parameters or their defaults."""
    op = list(ELEMENTWISE)[random.integers(0, len(ELEMENTWISE))]
    attributes = {}
    for name in ELEMENTWISE[op]:
        if random.random() < 0.6:
            attributes[name] = float(np.float32(random.uniform(0.1, 0.9)))
    if op == "Gelu" and random.random() < 0.5:
        attributes["approximate"] = "tanh"
    model = Model(20)
    return model.input(floats(random, 2, 3, 4, scale=2.0)).build(op, **attributes)


def rotary(random):
    """RotaryEmbedding of ONNX and of com.microsoft: flat or not, in part, interleaved."""
    ours = random.random() < 0.5
    flat, part, positions = random.random(3) < (0.5, 0.4, 0.7)
    positions = positions or not ours
    batch, heads, turns, size, rows = 2, 3, 4, 8, 10
    rotated = 4 if part else size
    shape = (batch, turns, heads * size) if flat else (batch, heads, turns, size)
    places = random.integers(0, rows, (batch, turns)).astype(np.int64)
    tables = [
        floats(random, *((rows,) if positions else (batch, turns)), rotated // 2) for _ in range(2)
    ]
    model = Model(23)
    model.input(floats(random, *shape))
    if not ours:
        model.input(places)
    for table in tables:
        model.constant(table)
    if ours and positions:
        model.input(places)
    attributes = {"interleaved": int(random.integers(0, 2))}
    if flat or part:
        attributes["num_heads"] = heads
    if part:
        attributes["rotary_embedding_dim"] = rotated
    domain = "" if ours else "com.microsoft"
    return model.build("RotaryEmbedding", domain=domain, **attributes)


FAMILIES = {
    "attention": (attention, 40),
    "recurrent": (recurrent, 60),
    "reduction": (reduction, 60),
    "along an axis": (along_axis, 40),
    "normalization": (normalization, 60),
    "einsum": (einsum, 40),
    "quantization": (quantization, 50),
    "quantized product": (quantized_product, 30),
    "matrix": (matrix, 30),
    "activation": (activation, 40),
    "rotary": (rotary, 20),
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


def run_families(programs, folder, families):
    """What node_cases.run_cases says of every model of {family: (generator, count)}."""
    models, inputs = {}, {}
    for family, (make, count) in families.items():
        made, given = generated(make, count, seed=len(family))
        models |= {f"{family} {name}": model for name, model in made.items()}
        inputs |= {f"{family} {name}": arrays for name, arrays in given.items()}
    return node_cases.run_cases(programs, folder, models, inputs)


def failures_of(family, engine, failures):
    """Those of one family on one engine; skips where the engine is not built."""
    if engine not in failures:
        pytest.skip(f"{engine} is not built here")
    return {n: why for n, why in failures[engine].items() if n.startswith(f"{family} ")}


@pytest.fixture(scope="module")
def failures(programs, tmp_path_factory):
    return run_families(programs, tmp_path_factory.mktemp("generated"), FAMILIES)


@pytest.mark.parametrize("engine", node_cases.ENGINES)
@pytest.mark.parametrize("family", FAMILIES)
def test_it_computes_what_onnx_runtime_does(failures, family, engine):
    assert failures_of(family, engine, failures) == {}
