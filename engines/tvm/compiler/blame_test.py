"""The node for which a model can't be compiled is found, whatever its operands are."""

import numpy as np
from onnx import helper, shape_inference

from .blame import find_culprit
from .small_models import model_of

X = np.ones((2, 3), np.float32)


def model():
    branch = helper.make_graph([helper.make_node("Neg", ["a"], ["n"])], "branch", [], [
        helper.make_tensor_value_info("n", 1, [2, 3])
    ])  # fmt: skip
    nodes = [
        helper.make_node("Add", ["x", "c"], ["a"], name="first"),
        helper.make_node("Add", ["a", "c"], ["b"], name="second"),
        helper.make_node("ReduceSum", ["b"], ["s"], name="sum", keepdims=0),
        helper.make_node("Cast", ["s"], ["yes"], name="cast", to=9),
        helper.make_node("If", ["yes"], ["y"], name="if", then_branch=branch, else_branch=branch),
    ]
    return shape_inference.infer_shapes(model_of(nodes, {"x": X}, {"c": X}, 13))


def test_the_culprit_is_named_with_its_reason():
    def refuse_sums(alone) -> None:
        if alone.graph.node[0].op_type == "ReduceSum":
            raise ValueError("no sums")

    node, error = find_culprit(model(), refuse_sums)
    assert (node.name, str(error)) == ("sum", "no sums")


def test_equal_nodes_are_tried_once_and_subgraphs_get_what_they_use():
    tried = []
    assert find_culprit(model(), tried.append) is None
    assert [alone.graph.node[0].name for alone in tried] == ["first", "sum", "cast", "if"]
    assert [value.name for value in tried[0].graph.input] == ["x"]
    assert [tensor.name for tensor in tried[0].graph.initializer] == ["c"]
    assert [value.name for value in tried[3].graph.input] == ["yes", "a"]
