"""A Relax function's bindings, with who uses what and which values are constant."""

import numpy as np
import tvm
from tvm import relax

Binding = relax.VarBinding


def operator_of(expression: relax.Expr) -> str:
    """`relax.nn.conv2d`, or "" for anything but a call of an operator."""
    is_call = isinstance(expression, relax.Call) and isinstance(expression.op, tvm.ir.Op)
    return expression.op.name if is_call else ""


def is_static_tensor(expression: relax.Expr) -> bool:
    ty = expression.ty
    return (
        isinstance(ty, relax.TensorType)
        and isinstance(ty.shape, relax.ShapeExpr)
        and all(isinstance(size, int | tvm.tirx.IntImm) for size in ty.shape)
    )


def shape_of(expression: relax.Expr) -> tuple[int, ...]:
    """Of a static tensor."""
    return tuple(int(size) for size in expression.ty.shape)


class Dataflow:
    """Of a function whose body is one dataflow block (`is_one_block`)."""

    def __init__(self, function: relax.Function):
        self.function = function
        self.bindings: list[Binding] = list(function.body.blocks[0].bindings)
        self.value_of = {binding.var: binding.value for binding in self.bindings}
        self.users: dict[relax.Var, list[Binding]] = {}
        for binding in self.bindings:
            for variable in _variables_in(binding.value):
                self.users.setdefault(variable, []).append(binding)
        self.results = set(_variables_in(function.body.body))

    def constant(self, expression: relax.Expr) -> np.ndarray | None:
        """The value where it is known: a constant, or one that is only reshaped or permuted."""
        if isinstance(expression, relax.Var):
            expression = self.value_of.get(expression, expression)
        if isinstance(expression, tvm.ir.GenericConst):
            return expression.value.numpy()
        if operator_of(expression) == "relax.reshape" and is_static_tensor(expression):
            value = self.constant(expression.args[0])
            return None if value is None else value.reshape(shape_of(expression))
        if operator_of(expression) == "relax.permute_dims":
            value = self.constant(expression.args[0])
            axes = expression.attrs.axes
            return (
                None if value is None else value.transpose([int(a) for a in axes] if axes else None)
            )
        return None

    def only_user(self, variable: relax.Var) -> Binding | None:
        """The one binding that uses it, where nothing else does."""
        users = self.users.get(variable, [])
        return users[0] if len(users) == 1 and variable not in self.results else None


def is_one_block(function: relax.Function) -> bool:
    blocks = function.body.blocks
    return (
        len(blocks) == 1
        and isinstance(blocks[0], relax.DataflowBlock)
        and all(isinstance(binding, relax.VarBinding) for binding in blocks[0].bindings)
    )


def types_in(function: relax.Function) -> set[str]:
    """The element types of all tensors in it, results and constants among them."""
    types: set[str] = set()

    def add(ty: tvm.ir.Type) -> None:
        if isinstance(ty, relax.TensorType):
            types.add(str(ty.dtype))
        elif isinstance(ty, relax.TupleType):
            for field in ty.fields:
                add(field)

    def visit(part: tvm.ir.Expr) -> None:
        if isinstance(part, relax.Var | tvm.ir.GenericConst):
            add(part.ty)

    relax.analysis.post_order_visit(function, visit)
    return types


def _variables_in(expression: relax.Expr) -> list[relax.Var]:
    """Each one once, in the order in which they are met."""
    found: dict[relax.Var, None] = {}

    def visit(part: relax.Expr) -> None:
        if isinstance(part, relax.Var):
            found[part] = None

    relax.analysis.post_order_visit(expression, visit)
    return list(found)
