"""ONNX operators on the engines that import, in the forms that the node tests leave out: sizes that are computed while the
model runs, sequences in loops, more operands. What they compute is compared with ONNX Runtime."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import node_cases
import tiny_models
from tiny_models import constant, floats_model, node, tensor

ENGINES = {"pytorch": "--pytorch", "tensorflow": "--tf"}
INT64, FLOAT = TensorProto.INT64, TensorProto.FLOAT


def at_run_time(name, values, kind=np.int64):
    """Nodes and initialisers that make a value no optimiser can fold: it hangs on the input x."""
    to = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    nodes = [
        node("ReduceMax", "x", f"{name}_max", keepdims=0),
        node("Mul", f"{name}_max nothing", f"{name}_zero"),
        node("Cast", f"{name}_zero", f"{name}_cast", to=to),
        node("Add", f"{name}_cast {name}_values", name),
    ]
    return nodes, [constant(f"{name}_values", values, kind)]


def computed(nodes, inputs, initializers=(), opset=18, outputs=("y",), **values):
    """A model whose `values`, (elements, kind) each, are made at run time."""
    before, more = [], [constant("nothing", 0, np.float32)]
    for name, (elements, kind) in values.items():
        made, added = at_run_time(name, elements, kind)
        before += made
        more += added
    return floats_model([*before, *nodes], inputs, [*initializers, *more], outputs, opset)


PICTURE = {"x": [1, 2, 6, 10]}


def resize_by_scales(scales, **attributes):
    return computed(
        [node("Resize", "x - scales", **attributes)], PICTURE, scales=(scales, np.float32)
    )


def resize_by_sizes(sizes, **attributes):
    return computed([node("Resize", "x - - sizes", **attributes)], PICTURE, sizes=(sizes, np.int64))


def rois(*corners):
    return constant("rois", corners, np.float32)


def roi_align(opset=16, **attributes):
    regions = rois([0, 0, 7.5, 4], [1.2, 0.4, 3.1, 5.5], [2, 2, 2.3, 2.2])
    return floats_model(
        [node("RoiAlign", "x rois which", output_height=2, output_width=3, **attributes)],
        {"x": [2, 3, 6, 10]},
        [regions, constant("which", [0, 1, 1])],
        opset=opset,
    )


def max_roi_pool():
    regions = rois([0, 0, 0, 7, 4], [1, 1, 0, 3, 5], [1, 2, 2, 2, 2], [0, 8, 4, 15, 9])
    return floats_model(
        [node("MaxRoiPool", "x rois", pooled_shape=[2, 3], spatial_scale=0.9)],
        {"x": [2, 3, 6, 10]},
        [regions],
    )


def einsum(equation, **shapes):
    return floats_model([node("Einsum", " ".join(shapes), equation=equation)], shapes)


def reduced_by_nothing(op):
    """TensorFlow stores a convolution's result with its channels last."""
    nodes = [
        node("Conv", "x w", "c"),
        node(op, "c", "r", noop_with_empty_axes=1),
        node("Add", "r b"),
    ]
    weights = [constant("w", np.ones((3, 2, 1, 1)), np.float32)]
    bias = constant("b", np.arange(60).reshape(3, 4, 5), np.float32)
    return floats_model(nodes, {"x": [1, 2, 4, 5]}, [*weights, bias])


def reduced_at_run_time(op, axes, **attributes):
    return computed([node(op, "x axes", **attributes)], {"x": [2, 3, 4]}, axes=(axes, np.int64))


def bit_cast():
    """Doubles x by its exponent."""
    nodes = [
        node("BitCast", "x", "bits", to=TensorProto.INT32),
        node("Add", "bits exponent", "more"),
        node("BitCast", "more", "y", to=FLOAT),
    ]
    return floats_model(nodes, {"x": [2, 3]}, [constant("exponent", 1 << 23, np.int32)], opset=26)


def bits_without_sign():
    """x without its sign, the highest bit of a number that has none."""
    nodes = [
        node("BitCast", "x", "bits", to=TensorProto.UINT32),
        node("Div", "bits half", "sign"),
        node("Mul", "sign half", "back"),
        node("Sub", "bits back", "rest"),
        node("BitCast", "rest", to=FLOAT),
    ]
    return floats_model(nodes, {"x": [2, 3]}, [constant("half", 1 << 31, np.uint32)], opset=26)


def of_machine_learning(op, shape, inputs="x", initializers=(), **attributes):
    of_domain = node(op, inputs, domain="ai.onnx.ml", **attributes)
    model = floats_model([of_domain], {"x": shape}, initializers)
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    return model


def searched(op, **attributes):
    """Equal elements, in what TensorFlow stores with its channels last."""
    nodes = [
        node("Conv", "x w", "c"),
        node("Round", "c", "whole"),
        node(op, "whole", "at", **attributes),
        node("Cast", "at", to=FLOAT),
    ]
    weights = [constant("w", np.ones((8, 2, 1, 1)), np.float32)]
    return floats_model(nodes, {"x": [2, 2, 4, 5]}, weights)


def powers(shape, exponent, kind=np.float32):
    return floats_model([node("Pow", "x e")], {"x": shape}, [constant("e", exponent, kind)])


def leaky(shape, slope):
    return floats_model([node("PRelu", "x s")], {"x": shape}, [constant("s", slope, np.float32)])


def tfidf(mode):
    ids = [node("Cast", "big", "ids", to=INT64)]
    scaled = [node("Mul", "x three", "big"), *ids]
    vectorizer = node(
        "TfIdfVectorizer",
        "ids",
        mode=mode,
        min_gram_length=1,
        max_gram_length=2,
        max_skip_count=2,
        ngram_counts=[0, 3],
        ngram_indexes=[4, 0, 2, 1, 3],
        pool_int64s=[0, 1, 2, 0, 0, 0, 1],
        weights=[0.5, 1.0, 2.0, 3.0, 4.0],
    )
    return floats_model([*scaled, vectorizer], {"x": [3, 8]}, [constant("three", 3, np.float32)])


# --- sequences


def positioned():
    """Parts whose number is known, read and written at a place that is not."""
    nodes = [
        node("SplitToSequence", "x", "parts", axis=1),
        node("SequenceInsert", "parts x place", "more"),
        node("SequenceErase", "more first", "fewer"),
        node("SequenceAt", "fewer place", "a"),
        node("SequenceAt", "fewer last", "b"),
        node("SequenceLength", "fewer", "length"),
        node("Cast", "length", "count", to=FLOAT),
        node("Mul", "a two", "twice"),
        node("Add", "twice b", "sum"),
        node("Add", "sum count"),
    ]
    return computed(
        nodes,
        {"x": [2, 4]},
        [constant("two", 2, np.float32)],
        place=(2, np.int64),
        first=(0, np.int64),
        last=(-1, np.int64),
    )


def split_by_size(axis):
    nodes = [
        node("SplitToSequence", "x part", "parts", axis=axis),
        node("SequenceAt", "parts place", "a"),
        node("ConcatFromSequence", "parts", "together", axis=axis),
        node("Add", "together a"),
    ]
    return computed(nodes, {"x": [5, 7]}, part=(2, np.int64), place=(-1, np.int64))


def split_by_sizes():
    nodes = [
        node("SplitToSequence", "x sizes", "parts", axis=1),
        node("SequenceAt", "parts two"),
    ]
    return computed(nodes, {"x": [2, 7]}, [constant("two", 2)], sizes=([3, 1, 3], np.int64))


def growing_sequence(stacks):
    """A loop that carries a sequence, as exporters of PyTorch write one; joined afterwards."""
    body = helper.make_graph(
        [
            node("Cast", "i", "turn", to=FLOAT),
            node("Add", "x turn", "element"),
            node("SequenceInsert", "before element", "after"),
            node("Identity", "go", "again"),
        ],
        "body",
        [
            tensor("i", [], INT64),
            tensor("go", [], TensorProto.BOOL),
            helper.make_tensor_sequence_value_info("before", FLOAT, None),
        ],
        [
            tensor("again", [], TensorProto.BOOL),
            helper.make_tensor_sequence_value_info("after", FLOAT, None),
        ],
    )
    nodes = [
        node("SequenceEmpty", "", "none"),
        helper.make_node("Loop", ["count", "", "none"], ["all"], body=body),
        node("ConcatFromSequence", "all", "y", axis=1, new_axis=stacks),
    ]
    return floats_model(nodes, {"x": [2, 3]}, [constant("count", 4)])


def chosen_sequence():
    """Branches that return a sequence, of elements of the graph around."""

    def branch(name, first, second):
        return helper.make_graph(
            [node("SequenceConstruct", f"{first} {second}", name)],
            name,
            [],
            [helper.make_tensor_sequence_value_info(name, FLOAT, None)],
        )

    nodes = [
        node("Neg", "x", "negative"),
        node("ReduceSum", "x", "sum", keepdims=0),
        node("Less", "sum many", "small"),
        helper.make_node(
            "If",
            ["small"],
            ["chosen"],
            then_branch=branch("yes", "x", "negative"),
            else_branch=branch("no", "negative", "x"),
        ),
        node("ConcatFromSequence", "chosen", "y", axis=0),
    ]
    return floats_model(nodes, {"x": [2, 3]}, [constant("many", 1e6, np.float32)])


def split_in_a_body(axis):
    """Of a value that no shape is written of, as recurrent layers are exported in loops."""
    parts = [f"part{i}" for i in range(4)]
    body = helper.make_graph(
        [
            node("Identity", "keep_in", "keep"),
            node("MatMul", "state table", "product"),
            node("Split", "product", " ".join(parts), axis=axis),
            node("Tanh", "part3", "squashed"),
            node("Concat", "squashed part0 part1 part2", "joined", axis=axis),
            node("Relu", "joined", "next"),
        ],
        "body",
        [
            helper.make_tensor_value_info("at", INT64, []),
            helper.make_tensor_value_info("keep_in", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", FLOAT, ["rows", 8]),
        ],
        [
            helper.make_tensor_value_info("keep", TensorProto.BOOL, None),
            helper.make_tensor_value_info("next", FLOAT, None),
        ],
    )
    loop = helper.make_node("Loop", ["count", "", "x"], ["y"], body=body)
    table = np.random.default_rng(3).uniform(-1, 1, (8, 8))
    initializers = [constant("count", 3), constant("table", table, np.float32)]
    return floats_model([loop], {"x": [2, 8]}, initializers, opset=15)


def sequence_in_a_body():
    """A sequence of known length around a loop, read at the loop's turn."""
    body = helper.make_graph(
        [
            node("SequenceAt", "parts i", "part"),
            node("Add", "sum part", "next"),
            node("Identity", "go", "again"),
        ],
        "body",
        [tensor("i", [], INT64), tensor("go", [], TensorProto.BOOL), tensor("sum", [2, 1])],
        [tensor("again", [], TensorProto.BOOL), tensor("next", [2, 1])],
    )
    nodes = [
        node("SplitToSequence", "x", "parts", axis=1),
        helper.make_node("Loop", ["count", "", "start"], ["y"], body=body),
    ]
    return floats_model(
        nodes, {"x": [2, 4]}, [constant("count", 3), constant("start", [[1], [2]], np.float32)]
    )


def capped_attention(opset):
    """The cap comes before the mask; the fourth output, of mode 1, is between them."""
    attention = node("Attention", "q k v mask", "y - - qk", softcap=2.0, qk_matmul_output_mode=1)
    mask = constant("mask", np.array([1, 1, 0, 1, 1], bool) & np.ones((3, 5), bool), bool)
    inputs = {"q": [1, 2, 3, 8], "k": [1, 2, 5, 8], "v": [1, 2, 5, 8]}
    return floats_model([attention], inputs, [mask], ("y", "qk"), opset)


def attention_of_lengths():
    """The first of two sequences has no key at all."""
    inputs = {"q": [2, 2, 3, 8], "k": [2, 2, 5, 8], "v": [2, 2, 5, 8]}
    nodes = [node("Attention", "q k v - - - lengths")]
    return floats_model(nodes, inputs, [constant("lengths", [0, 3])], opset=24)


MODELS = {
    "Attention 24, no key": attention_of_lengths(),
    "Attention 23, capped and masked": capped_attention(23),
    "Attention 24, capped and masked": capped_attention(24),
    "Resize, nearest": resize_by_scales([1, 1, 1.5, 0.7], mode="nearest", nearest_mode="ceil"),
    "Resize, linear": resize_by_scales([1, 1, 2.3, 0.7], mode="linear"),
    "Resize, linear, corners": resize_by_sizes(
        [1, 2, 9, 4], mode="linear", coordinate_transformation_mode="align_corners"
    ),
    "Resize, cubic": resize_by_scales([1, 1, 1.5, 2.5], mode="cubic", exclude_outside=1),
    "Resize, antialias": resize_by_scales([1, 1, 0.6, 0.4], mode="linear", antialias=1),
    "Resize, cubic antialias": resize_by_sizes([1, 2, 3, 4], mode="cubic", antialias=1),
    "Resize, ratio": resize_by_sizes(
        [9, 9], mode="nearest", axes=[2, 3], keep_aspect_ratio_policy="not_larger"
    ),
    "BitCast": bit_cast(),
    "BitCast without a sign": bits_without_sign(),
    "ArgMax of channels": searched("ArgMax", axis=1, keepdims=0),
    "ArgMax of channels, last": searched("ArgMax", axis=1, select_last_index=1),
    "ArgMin of rows": searched("ArgMin", axis=-2, keepdims=0, select_last_index=1),
    "Pow by a number": powers([2, 3], 3),
    "Pow by a whole number": powers([2, 3], [2], np.int64),
    "Pow, one more dimension": powers([2, 3], [[[3]]]),
    "Pow, one more dimension, square": powers([2, 3], [[[2]]]),
    "PRelu of channels": leaky([2, 3, 4, 5], np.reshape([0.1, -0.5, 2], (3, 1, 1))),
    "PRelu of rows": leaky([2, 3, 4, 5], np.reshape([0.1, -0.5, 2, 3], (4, 1))),
    "ArrayFeatureExtractor of a vector": of_machine_learning(
        "ArrayFeatureExtractor", [5], "x at", [constant("at", [3, 0])]
    ),
    "Normalizer, max": of_machine_learning("Normalizer", [4, 3], norm="MAX"),
    "Normalizer, sum": of_machine_learning("Normalizer", [4, 3], norm="L1"),
    "Normalizer, length": of_machine_learning("Normalizer", [4, 3], norm="L2"),
    "Scaler": of_machine_learning("Scaler", [4, 3], offset=[1.0, 0.0, -2.0], scale=[2.0, 0.5, 3.0]),
    "Scaler, one number": of_machine_learning("Scaler", [4, 3], offset=[1.0], scale=[0.5]),
    "Range, counted in doubles": computed(
        [node("Range", "start limit delta")],
        {"x": [2, 3]},
        start=(0, np.float32),
        limit=(0.3, np.float32),
        delta=(0.1, np.float32),
    ),
    "Range, none": computed(
        [node("Range", "start limit delta")],
        {"x": [2, 3]},
        start=(1, np.float32),
        limit=(0, np.float32),
        delta=(0.5, np.float32),
    ),
    "AffineGrid": computed(
        [node("AffineGrid", "x sizes")], {"x": [2, 2, 3]}, opset=20, sizes=([2, 3, 4, 5], np.int64)
    ),
    "AffineGrid, corners": computed(
        [node("AffineGrid", "x sizes", align_corners=1)],
        {"x": [1, 3, 4]},
        opset=20,
        sizes=([1, 2, 3, 2, 4], np.int64),
    ),
    "Col2Im": computed(
        [node("Col2Im", "x image kernel", pads=[1, 0, 0, 2], strides=[2, 1], dilations=[1, 2])],
        {"x": [2, 12, 15]},
        image=([5, 5], np.int64),
        kernel=([2, 2], np.int64),
    ),
    "Einsum, three": einsum("ij,jk,kl->il", a=[2, 3], b=[3, 4], c=[4, 5]),
    "Einsum, four, implicit": einsum("bi,ij,bj,b", a=[2, 3], b=[3, 4], c=[2, 4], d=[2]),
    "Einsum, ellipsis": einsum("...ij,jk,...kl->...il", a=[2, 2, 3], b=[3, 4], c=[2, 4, 5]),
    "reduction, no axes": reduced_by_nothing("ReduceSum"),
    "reduction, no axes, greatest": reduced_by_nothing("ReduceMax"),
    "reduction, axes at run time": reduced_at_run_time("ReduceSum", [0, -1], keepdims=0),
    "reduction, axes at run time, product": reduced_at_run_time("ReduceProd", [1]),
    "reduction, no axes at run time": reduced_at_run_time("ReduceMean", []),
    "RoiAlign, any number": roi_align(),
    "RoiAlign, any number, greatest": roi_align(mode="max"),
    "RoiAlign, old": roi_align(opset=10, spatial_scale=0.8),
    "RoiAlign, two": roi_align(sampling_ratio=2),
    "MaxRoiPool": max_roi_pool(),
    "TfIdfVectorizer": tfidf("TF"),
    "TfIdfVectorizer, weights": tfidf("TFIDF"),
    "TfIdfVectorizer, once": tfidf("IDF"),
    "sequence, places": positioned(),
    "sequence, split": split_by_size(0),
    "sequence, split, second axis": split_by_size(1),
    "sequence, split by sizes": split_by_sizes(),
    "sequence, grown and joined": growing_sequence(0),
    "sequence, grown and stacked": growing_sequence(1),
    "sequence, chosen": chosen_sequence(),
    "sequence, in a body": sequence_in_a_body(),
    "Split in a body": split_in_a_body(1),
    "Split in a body, from the end": split_in_a_body(-1),
}


@pytest.fixture(scope="module")
def failures(programs, tmp_path_factory):
    return node_cases.run_cases(programs, tmp_path_factory.mktemp("operators"), MODELS)


@pytest.mark.parametrize("engine", node_cases.ENGINES)
def test_it_computes_what_onnx_runtime_does(failures, needs_engine, engine):
    needs_engine(engine)
    assert failures[engine] == {}


READ_BACK = ENGINES | {"onnxruntime": "--onnxruntime"}


@pytest.mark.parametrize("engine", READ_BACK)
@pytest.mark.parametrize(
    ("kind", "precision"),
    [
        (TensorProto.FLOAT16, "f16"),
        (TensorProto.BFLOAT16, "bf16"),
        (TensorProto.FLOAT, "f32"),
        (TensorProto.DOUBLE, "f64"),
    ],
)
def test_the_precision_is_read_back(bench, needs_engine, tmp_path, engine, kind, precision):
    needs_engine(engine)
    # A table that is looked up: arithmetic on the narrow types ONNX Runtime would do in f32.
    table = helper.make_tensor("w", kind, [5, 3], np.linspace(0.5, 1.5, 15))
    model = tiny_models.model_of(
        [node("Gather", "w ids")], [tensor("ids", [4], INT64)], [tensor("y", [4, 3], kind)], [table]
    )
    path = tiny_models.save(model, tmp_path / "model.onnx")
    result = bench(path, READ_BACK[engine]).only_result()
    assert (result["outcome"], result["in_force"]["precision"]) == ("ok", precision)


@pytest.mark.parametrize("engine", READ_BACK)
@pytest.mark.parametrize(
    ("kind", "judged_by"), [(TensorProto.FLOAT16, "f16"), (TensorProto.DOUBLE, "f32")]
)
def test_the_same_arithmetic_is_judged_by_the_same_class_by_default(
    bench, needs_engine, tmp_path, engine, kind, judged_by
):
    """f32 inputs and outputs around weights of another type: bf16's tolerance is not for these."""
    needs_engine(engine)
    weights = np.random.default_rng(0).standard_normal((8, 4))
    nodes = [
        node("Cast", "x", "narrow", to=kind),
        node("MatMul", "narrow w", "product"),
        node("Cast", "product", "y", to=FLOAT),
    ]
    initializers = [helper.make_tensor("w", kind, [8, 4], weights.flatten())]
    path = tiny_models.save(
        floats_model(nodes, {"x": [2, 8]}, initializers), tmp_path / "model.onnx"
    )
    for precision in ("f32", "default"):
        result = bench(path, READ_BACK[engine], f"--precision={precision}").only_result()
        assert result["outcome"] == "ok", result["reason"]
        assert result["verification"]["tolerance"]["class"] == judged_by


@pytest.mark.parametrize("engine", ENGINES)
def test_a_batch_normalization_that_trains_is_not_taken_for_one_that_infers(
    bench, needs_engine, tmp_path, engine
):
    """Before opset 14 its number of outputs says that it trains."""
    needs_engine(engine)
    trains = node("BatchNormalization", "x s b m v", "y mean var saved_mean saved_var")
    parameters = [constant(name, [1, 2, 3], np.float32) for name in "sbmv"]
    model = floats_model([trains], {"x": [2, 3, 4]}, parameters, opset=9, outputs=("y", "mean"))
    result = bench(tiny_models.save(model, tmp_path / "model.onnx"), ENGINES[engine]).only_result()
    assert result["outcome"] == "unsupported"
    assert "training mode" in result["reason"]


def int8_model():
    nodes = [
        node("QuantizeLinear", "x scale zero", "q"),
        node("DequantizeLinear", "q scale zero", "back"),
        node("DequantizeLinear", "w scale", "weights"),
        node("MatMul", "back weights"),
    ]
    values = np.random.default_rng(0).integers(-127, 128, (3, 4)).astype(np.int8)
    initializers = [
        numpy_helper.from_array(values, "w"),
        constant("scale", 0.02, np.float32),
        constant("zero", 3, np.int8),
    ]
    return floats_model(nodes, {"x": [2, 3]}, initializers)


@pytest.mark.parametrize("engine", ENGINES)
def test_integers_as_weights_leave_the_precision_that_is_computed_in(
    bench, needs_engine, tmp_path, engine
):
    needs_engine(engine)
    path = tiny_models.save(int8_model(), tmp_path / "model.onnx")
    result = bench(path, ENGINES[engine]).only_result()
    assert (result["outcome"], result["in_force"]["precision"]) == ("ok", "f32")
