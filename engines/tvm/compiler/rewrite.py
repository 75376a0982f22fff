"""The graph pass: puts our kernels in place of what sites.py finds.

The kernels take and give NHWC. A value is kept in the layout in which it was computed, and
permuted only where something needs the other; what works on each element, pools, or joins
channels follows the layout of its operands.
"""

import hashlib
from collections import Counter
from collections.abc import Callable

import numpy as np
import tvm
from tvm import relax
from tvm.relax import op

from .convolution import Convolution, Epilogue
from .dataflow import Dataflow, is_one_block, is_static_tensor, operator_of, shape_of
from .kernels import Kernel, make_kernel, pack_weights
from .sites import Site, find_sites
from .vector_unit import VectorUnit

_TO_NHWC = [0, 2, 3, 1]
_TO_NCHW = [0, 3, 1, 2]
_ELEMENTWISE = {
    f"relax.{name}"
    for name in (
        "nn.relu clip nn.leakyrelu sigmoid tanh exp log sqrt erf negative abs nn.softplus nn.silu "
        "nn.gelu round floor ceil add subtract multiply divide maximum minimum"
    ).split()
}


KernelOf = Callable[[Convolution, Epilogue], Kernel]


def usual_kernels(unit: VectorUnit) -> KernelOf:
    return lambda shape, epilogue: make_kernel(shape, epilogue, unit)


def use_kernels(module: tvm.IRModule, kernel_of: KernelOf) -> tvm.IRModule:
    """The module with `main` rewritten; as it is where `main` has control flow."""
    if not is_one_block(module["main"]):
        return module
    return _Rewriter(module, kernel_of).rewrite()


def kernels_in(module: tvm.IRModule) -> Counter[tuple[Convolution, Epilogue]]:
    """What use_kernels would call, and how many times."""
    if not is_one_block(module["main"]):
        return Counter()
    sites = find_sites(Dataflow(module["main"])).values()
    return Counter((site.shape, site.epilogue) for site in sites)


class _Rewriter:
    def __init__(self, module: tvm.IRModule, kernel_of: KernelOf):
        self.module = module
        self.kernel_of = kernel_of
        self.dataflow = Dataflow(module["main"])
        self.sites = find_sites(self.dataflow)
        self.absorbed = {variable for site in self.sites.values() for variable in site.absorbed}
        self.builder = relax.BlockBuilder()
        self.plain: dict[relax.Var, relax.Expr] = {}  # in the original's layout
        self.last: dict[relax.Var, relax.Expr] = {}  # with the channels last
        self.functions: dict[str, tvm.ir.GlobalVar] = {}
        self.constants: dict[tuple[tuple[int, ...], bytes], relax.Expr] = {}

    def rewrite(self) -> tvm.IRModule:
        main = self.dataflow.function
        for variable, function in self.module.functions.items():
            if variable.name_hint != "main":
                name = variable.name_hint
                self.functions[name] = self.builder.add_func(function, name)
        parameters = [relax.Var(p.name, p.ty) for p in main.params]
        self.plain.update(zip(main.params, parameters, strict=True))
        attributes = dict(main.attrs) if main.attrs else None
        with self.builder.function("main", parameters, attrs=attributes):
            with self.builder.dataflow():
                for binding in self.dataflow.bindings:
                    self._emit(binding.var, binding.value)
                result = self.builder.emit_output(self._substitute(main.body.body))
            self.builder.emit_func_output(result)
        return self.builder.finalize()

    def _emit(self, variable: relax.Var, value: relax.Expr) -> None:
        if variable in self.sites:
            self._emit_site(self.sites[variable])
        elif variable not in self.absorbed and not self._emit_channels_last(variable, value):
            constant = self.dataflow.constant(variable)
            if constant is not None:
                self.plain[variable] = relax.const(np.ascontiguousarray(constant))
            else:
                self.plain[variable] = self.builder.emit(self._substitute(value))

    def _emit_site(self, site: Site) -> None:
        kernel = self.kernel_of(site.shape, site.epilogue)
        function = self.builder.add_func(kernel.function, "own_kernel")
        operands = [
            self._as_image(site, site.call.args[0], site.shape.in_shape),
            self._constant(pack_weights(site.weights, site.shape, kernel.channels)),
            self._constant(site.bias),
        ]
        if site.residual is not None:
            operands.append(self._as_image(site, site.residual, site.shape.out_shape))
        ty = relax.TensorType(site.shape.out_shape, "float32")
        output = self.builder.emit(relax.call_tir(function, operands, ty))
        shape = shape_of(site.call)
        if site.is_convolution:
            self.last[site.last] = self._reshaped(output, tuple(shape[axis] for axis in _TO_NHWC))
        else:
            self.plain[site.last] = self._reshaped(output, shape)

    def _constant(self, value: np.ndarray) -> relax.Expr:
        """One for all that are equal: a recurrent node's steps have their weights in common."""
        key = value.shape, hashlib.sha256(value).digest()
        if key not in self.constants:
            self.constants[key] = relax.const(value)
        return self.constants[key]

    def _as_image(self, site: Site, value: relax.Expr, shape: tuple[int, ...]) -> relax.Expr:
        """As the kernel takes it: all pixels in one row, maybe, and so are a matrix's rows."""
        source = self._channels_last(value) if site.is_convolution else self._plain(value)
        return self._reshaped(source, shape)

    def _reshaped(self, value: relax.Expr, shape: tuple[int, ...]) -> relax.Expr:
        return value if shape_of(value) == shape else self.builder.emit(op.reshape(value, shape))

    def _plain(self, value: relax.Expr) -> relax.Expr:
        if not isinstance(value, relax.Var):
            return value
        if value not in self.plain:
            self.plain[value] = self.builder.emit(op.permute_dims(self.last[value], _TO_NCHW))
        return self.plain[value]

    def _channels_last(self, value: relax.Expr) -> relax.Expr:
        constant = self.dataflow.constant(value)
        if constant is not None:
            missing = (1,) * (4 - constant.ndim)
            image = constant.reshape(missing + constant.shape).transpose(_TO_NHWC)
            return relax.const(np.ascontiguousarray(image))
        if value not in self.last:
            self.last[value] = self.builder.emit(op.permute_dims(self._plain(value), _TO_NHWC))
        return self.last[value]

    def _substitute(self, value: relax.Expr) -> relax.Expr:
        """The same expression of the new function's values."""
        if isinstance(value, relax.Var):
            return self._plain(value)
        if isinstance(value, relax.Tuple):
            return relax.Tuple([self._substitute(field) for field in value.fields])
        if isinstance(value, relax.TupleGetItem):
            return relax.TupleGetItem(self._substitute(value.tuple_value), value.index)
        if isinstance(value, tvm.ir.GlobalVar):
            return self.functions[value.name_hint]
        if isinstance(value, relax.Call):
            operands = [self._substitute(operand) for operand in value.args]
            return relax.Call(value.op, operands, value.attrs, value.ty_args)
        return value

    def _emit_channels_last(self, variable: relax.Var, value: relax.Expr) -> bool:
        """Whether the operation could follow its operands' layout."""
        if not isinstance(value, relax.Call) or not _is_image(value):
            return False
        if not any(operand in self.last for operand in _tensors_of(value)):
            return False
        rewritten = self._rewritten(value)
        if rewritten is None:
            return False
        self.last[variable] = self.builder.emit(rewritten)
        return True

    def _rewritten(self, value: relax.Call) -> relax.Expr | None:
        operator, attributes = operator_of(value), value.attrs
        if operator in _ELEMENTWISE:
            return self._elementwise(value)
        image = value.args[0]
        if operator in ("relax.nn.max_pool2d", "relax.nn.avg_pool2d"):
            pool = getattr(op.nn, operator.rsplit(".", 1)[1])
            return pool(
                self._channels_last(image),
                attributes.pool_size,
                attributes.strides,
                attributes.padding,
                attributes.dilation,
                attributes.ceil_mode,
                attributes.count_include_pad,
                layout="NHWC",
            )
        if operator in ("relax.mean", "relax.variance") and attributes.keepdims:
            axes = [int(axis) % 4 for axis in attributes.axis or range(4)]
            reduce = getattr(op, operator.rsplit(".", 1)[1])
            return reduce(self._channels_last(image), [_TO_NHWC.index(a) for a in axes], True)
        if operator == "relax.concat" and attributes.axis is not None:
            axis = _TO_NHWC.index(int(attributes.axis) % 4)
            return op.concat([self._channels_last(part) for part in image.fields], axis)
        if operator == "relax.image.resize2d" and attributes.layout == "NCHW":
            return self._resized(value)
        return None

    def _elementwise(self, value: relax.Call) -> relax.Expr | None:
        operands = []
        for operand in value.args:
            if not isinstance(operand.ty, relax.TensorType) or not shape_of(operand):
                operands.append(operand)
            elif len(shape_of(operand)) == 4 or self.dataflow.constant(operand) is not None:
                operands.append(self._channels_last(operand))
            else:
                return None
        return relax.Call(value.op, operands, value.attrs, value.ty_args)

    def _resized(self, value: relax.Call) -> relax.Expr:
        attributes = value.attrs
        return op.image.resize2d(
            self._channels_last(value.args[0]),
            size=value.args[1],
            roi=[float(bound) for bound in attributes.roi] or None,
            layout="NHWC",
            method=attributes.method,
            coordinate_transformation_mode=attributes.coordinate_transformation_mode,
            rounding_method=attributes.rounding_method,
            cubic_alpha=attributes.cubic_alpha,
            cubic_exclude=attributes.cubic_exclude,
            extrapolation_value=attributes.extrapolation_value,
        )


def _is_image(value: relax.Expr) -> bool:
    return is_static_tensor(value) and len(shape_of(value)) == 4


def _tensors_of(call: relax.Call) -> list[relax.Expr]:
    operands: list[relax.Expr] = []
    for operand in call.args:
        operands += operand.fields if isinstance(operand, relax.Tuple) else [operand]
    return [operand for operand in operands if isinstance(operand, relax.Var)]
