"""Large constants, apart from the library: one that holds hundreds of megabytes takes long to link and
to load."""

import numpy as np
import tvm
from tvm import relax
from tvm.relax.expr_functor import PyExprMutator, mutator

# Each parameter is checked at every call, in a third of a microsecond; reading so many bytes takes
# a hundred times as long.
LEAST_BYTES = 1 << 20


def take_weights_out(module: tvm.IRModule) -> tuple[tvm.IRModule, dict[str, tvm.runtime.Tensor]]:
    """The module with `main`'s large constants as its last parameters, weight0, weight1, ...; and what
    they are, in this order. Throws ValueError for a
    constant without elements."""
    taker = _Taker()
    main = taker.visit_expr(module["main"])
    parameters = list(taker.parameter_of.values())
    function = relax.Function(
        [*main.params, *parameters], main.body, main.ret_ty, main.is_pure, main.attrs
    )
    functions = dict(module.functions.items()) | {module.get_global_var("main"): function}
    weights = [constant.value for constant in taker.parameter_of]
    names = [parameter.name for parameter in parameters]
    return tvm.IRModule(functions, attrs=module.attrs), dict(zip(names, weights, strict=True))


@mutator
class _Taker(PyExprMutator):
    def __init__(self):
        super().__init__()
        self.parameter_of: dict[tvm.ir.GenericConst, relax.Var] = {}

    def visit_generic_const_(self, constant: tvm.ir.GenericConst) -> relax.Expr:
        if not _is_large(constant):
            return constant
        if constant not in self.parameter_of:
            name = f"weight{len(self.parameter_of)}"
            self.parameter_of[constant] = relax.Var(name, constant.ty)
        return self.parameter_of[constant]


def _is_large(constant: tvm.ir.GenericConst) -> bool:
    tensor = constant.value
    if not isinstance(tensor, tvm.runtime.Tensor):
        return False
    size = int(np.prod(tensor.shape))
    if size == 0:
        shape = ",".join(str(length) for length in tensor.shape)
        raise ValueError(f"the runtime can't load a constant without elements, [{shape}]")
    return size * tensor.dtype.itemsize >= LEAST_BYTES
