"""Finds what our kernel can compute: each convolution and matrix product with constant weights,
together with the batch normalisation, bias, residual and activation that follow it alone."""

from dataclasses import dataclass, field, replace

import numpy as np
from tvm import relax, tirx

from .convolution import Activation, Convolution, Epilogue
from .dataflow import Binding, Dataflow, is_static_tensor, operator_of, shape_of

CONVOLUTION = "relax.nn.conv2d"
PRODUCT = "relax.matmul"


@dataclass
class Site:
    """One kernel's work. `last` is the variable that it computes, `absorbed` those on the way."""

    call: relax.Call
    last: relax.Var
    shape: Convolution
    weights: np.ndarray  # OIHW
    bias: np.ndarray  # one per output channel
    epilogue: Epilogue = Epilogue()
    residual: relax.Var | None = None
    absorbed: list[relax.Var] = field(default_factory=list)

    @property
    def is_convolution(self) -> bool:
        return operator_of(self.call) == CONVOLUTION


def find_sites(dataflow: Dataflow) -> dict[relax.Var, Site]:
    """By the variable that each computes in the end."""
    sites: dict[relax.Var, Site] = {}
    taken: set[relax.Var] = set()
    for binding in dataflow.bindings:
        site = _start(binding, dataflow)
        if site is None:
            continue
        while _extend(site, dataflow, taken):
            pass
        taken.update(site.absorbed, [site.last])
        sites[site.last] = site
    return sites


def _start(binding: Binding, dataflow: Dataflow) -> Site | None:
    call = binding.value
    if operator_of(call) not in (CONVOLUTION, PRODUCT):
        return None
    tensors = [*call.args, call]
    if not all(is_static_tensor(t) and str(t.ty.dtype) == "float32" for t in tensors):
        return None
    weights = dataflow.constant(call.args[1])
    if weights is None or 0 in shape_of(call) or 0 in shape_of(call.args[0]):
        return None
    start = _start_convolution if operator_of(call) == CONVOLUTION else _start_product
    return start(binding, weights)


def _start_convolution(binding: Binding, weights: np.ndarray) -> Site | None:
    call, attributes = binding.value, binding.value.attrs
    layouts = (attributes.data_layout, attributes.kernel_layout, attributes.out_layout)
    if layouts != ("NCHW", "OIHW", "NCHW"):
        return None
    batch, channels, height, width = shape_of(call.args[0])
    shape = Convolution(
        batch=batch,
        height=height,
        width=width,
        in_channels=channels,
        out_channels=weights.shape[0],
        kernel=(weights.shape[2], weights.shape[3]),
        strides=_integers(attributes.strides),
        pads=_integers(attributes.padding),
        dilations=_integers(attributes.dilation),
        groups=int(attributes.groups),
    ).flattened()
    return Site(call, binding.var, shape, weights, _no_bias(weights.shape[0]))


def _start_product(binding: Binding, weights: np.ndarray) -> Site | None:
    if weights.ndim != 2 or len(shape_of(binding.value)) < 2:
        return None
    inner, outer = weights.shape
    rows = int(np.prod(shape_of(binding.value)[:-1]))
    shape = Convolution(1, 1, rows, in_channels=inner, out_channels=outer)
    oihw = np.ascontiguousarray(weights.T)[:, :, None, None]
    return Site(binding.value, binding.var, shape, oihw, _no_bias(outer))


def _no_bias(channels: int) -> np.ndarray:
    return np.zeros(channels, np.float32)


def _integers(values) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _extend(site: Site, dataflow: Dataflow, taken: set[relax.Var]) -> bool:
    """Takes in the binding that follows, where there is just one and the kernel can do it."""
    user = dataflow.only_user(site.last)
    if user is None or user.var in taken:
        return False
    operator = operator_of(user.value)
    if operator == "relax.nn.batch_norm":
        return _absorb_normalization(site, user, dataflow)
    if site.epilogue.activation is not Activation.NONE:
        return False
    if operator == "relax.add":
        return _absorb_sum(site, user, dataflow)
    if operator == "relax.nn.relu":
        site.epilogue = replace(site.epilogue, activation=Activation.RELU)
    elif operator == "relax.clip":
        bounds = user.value.args[1:3]
        if not all(isinstance(bound, tirx.IntImm | tirx.FloatImm) for bound in bounds):
            return False
        low, high = (float(bound.value) for bound in bounds)
        site.epilogue = replace(site.epilogue, activation=Activation.CLIP, low=low, high=high)
    else:
        return False
    _advance(site, user.var)
    return True


def _advance(site: Site, variable: relax.Var) -> None:
    site.absorbed.append(site.last)
    site.last = variable


def _absorb_normalization(site: Site, user: Binding, dataflow: Dataflow) -> bool:
    """Scales the weights. The sums must not have met a residual or activation yet."""
    statistics = [dataflow.constant(argument) for argument in user.value.args[1:5]]
    attributes = user.value.attrs
    fields = dataflow.users.get(user.var, [])
    used = [f for f in fields if dataflow.users.get(f.var) or f.var in dataflow.results]
    if (
        site.epilogue != Epilogue()
        or not site.is_convolution
        or any(value is None for value in statistics)
        or int(attributes.axis) != 1
        or bool(attributes.training)
        or len(used) != 1
        or not isinstance(used[0].value, relax.TupleGetItem)
        or used[0].value.index != 0
    ):
        return False
    gamma, beta, mean, variance = (value.astype(np.float64) for value in statistics)
    factor = gamma / np.sqrt(variance + float(attributes.epsilon))
    site.weights = (site.weights * factor.reshape(-1, 1, 1, 1)).astype(np.float32)
    site.bias = ((site.bias - mean) * factor + beta).astype(np.float32)
    site.absorbed += [user.var, *(f.var for f in fields if f is not used[0])]
    _advance(site, used[0].var)
    return True


def _absorb_sum(site: Site, user: Binding, dataflow: Dataflow) -> bool:
    left, right = user.value.args
    other = right if left.same_as(site.last) else left
    if other.same_as(site.last) or shape_of(user.value) != shape_of(site.call):
        return False
    constant = dataflow.constant(other)
    if constant is not None:
        if not _is_per_channel(constant, site) or site.epilogue.has_residual:
            return False
        site.bias = site.bias + np.broadcast_to(constant.reshape(-1), site.bias.shape)
    elif isinstance(other, relax.Var) and not site.epilogue.has_residual:
        if not is_static_tensor(other) or shape_of(other) != shape_of(site.call):
            return False
        site.residual = other
        site.epilogue = replace(site.epilogue, has_residual=True)
    else:
        return False
    _advance(site, user.var)
    return True


def _is_per_channel(constant: np.ndarray, site: Site) -> bool:
    if constant.size == 1:
        return True
    channels = site.shape.out_channels
    if constant.size != channels:
        return False
    if site.is_convolution:
        return constant.shape[-3:] == (channels, 1, 1)
    return constant.shape[-1] == channels
