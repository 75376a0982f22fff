"""LSTM, GRU and RNN, which TVM's importer lacks: a sequence of fixed length, unrolled step by step.

W meets the inputs of all steps in one product, R the state in one product a step where the operator
allows it. Where they are constant, both are kernels of ours.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tvm
from tvm import relax
from tvm.relax import op

from .activations import Activation, read_activations
from .failure import Unsupported

MAX_STEPS = 64
# Whether each direction goes backward.
_DIRECTIONS = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}
_CONCAT_AT_ONCE = 8  # the generated code looks for each element's part one after the other

Inputs = list[relax.Expr | None]
State = list[relax.Expr]  # hidden [batch, hidden]; of an LSTM, cell too
Step = Callable[[relax.Expr, State], State]


@dataclass
class _Direction:
    """One direction's weights, with a gate's numbers side by side in the last axis."""

    emit: Callable[[relax.Expr], relax.Expr]
    attributes: dict
    activations: list[Activation]
    hidden: int
    w: relax.Expr  # [input, gates]
    r: relax.Expr  # [hidden, gates]
    input_bias: relax.Expr | None
    recurrent_bias: relax.Expr | None
    peepholes: relax.Expr | None  # [3 hidden]
    is_backward: bool

    def activate(self, which: int, x: relax.Expr) -> relax.Expr:
        limit = float(self.attributes.get("clip", 0))
        clipped = self.emit(op.clip(x, -limit, limit)) if limit > 0 else x
        return self.emit(self.activations[which](clipped))

    def gate(self, x: relax.Expr, which: int, count: int = 1) -> relax.Expr:
        """So many gates' part of a sum, a matrix or a bias."""
        return _part(self.emit, x, -1, which * self.hidden, (which + count) * self.hidden)

    def add(self, *terms: relax.Expr | None) -> relax.Expr:
        total, *others = [term for term in terms if term is not None]
        for term in others:
            total = self.emit(op.add(total, term))
        return total

    def multiply(self, left: relax.Expr, right: relax.Expr) -> relax.Expr:
        return self.emit(op.multiply(left, right))

    def product(self, x: relax.Expr, matrix: relax.Expr) -> relax.Expr:
        return self.emit(op.matmul(x, matrix))

    def one_minus(self, x: relax.Expr) -> relax.Expr:
        return self.emit(op.subtract(relax.const(1, str(x.ty.dtype)), x))


def _lstm(d: _Direction) -> Step:
    """Gates in the order i, o, f, c."""
    bias = None if d.input_bias is None else d.add(d.input_bias, d.recurrent_bias)
    peepholes = None if d.peepholes is None else [d.gate(d.peepholes, i) for i in range(3)]

    def gate(total: relax.Expr, which: int, cell: relax.Expr) -> relax.Expr:
        looked = None if peepholes is None else d.multiply(peepholes[which], cell)
        return d.activate(0, d.add(d.gate(total, which), looked))

    def step(x: relax.Expr, before: State) -> State:
        hidden, cell = before
        total = d.add(d.product(hidden, d.r), bias, x)
        entering = gate(total, 0, cell)
        coupled = d.attributes.get("input_forget", 0)
        kept = d.one_minus(entering) if coupled else gate(total, 2, cell)
        candidate = d.activate(1, d.gate(total, 3))
        cell = d.add(d.multiply(kept, cell), d.multiply(entering, candidate))
        shown = d.emit(d.activations[2](cell))
        return [d.multiply(gate(total, 1, cell), shown), cell]

    return step


def _gru(d: _Direction) -> Step:
    """Gates in the order z, r, h."""
    linear = d.attributes.get("linear_before_reset", 0)
    together = 3 if linear else 2
    matrix, last_matrix = d.gate(d.r, 0, together), d.gate(d.r, 2)
    bias = last_bias = None
    if d.recurrent_bias is not None:
        bias, last_bias = d.gate(d.recurrent_bias, 0, together), d.gate(d.recurrent_bias, 2)

    def step(x: relax.Expr, before: State) -> State:
        (hidden,) = before
        total = d.add(d.product(hidden, matrix), bias)
        update, reset = (
            d.activate(0, d.add(d.gate(total, i), d.gate(x, i), input_bias[i])) for i in (0, 1)
        )
        if linear:
            seen = d.multiply(reset, d.gate(total, 2))
        else:
            seen = d.add(d.product(d.multiply(reset, hidden), last_matrix), last_bias)
        candidate = d.activate(1, d.add(seen, d.gate(x, 2), input_bias[2]))
        return [d.add(d.multiply(d.one_minus(update), candidate), d.multiply(update, hidden))]

    input_bias = [None if d.input_bias is None else d.gate(d.input_bias, i) for i in range(3)]
    return step


def _rnn(d: _Direction) -> Step:
    bias = None if d.input_bias is None else d.add(d.input_bias, d.recurrent_bias)

    def step(x: relax.Expr, before: State) -> State:
        return [d.activate(0, d.add(d.product(before[0], d.r), bias, x))]

    return step


@dataclass(frozen=True)
class _Kind:
    gates: int
    activations: list[str]
    states: int
    make_step: Callable[[_Direction], Step]


_KINDS = {
    "LSTM": _Kind(4, ["Sigmoid", "Tanh", "Tanh"], 2, _lstm),
    "GRU": _Kind(3, ["Sigmoid", "Tanh"], 1, _gru),
    "RNN": _Kind(1, ["Tanh"], 1, _rnn),
}


class _Layer:
    """A node. X [steps, batch, input], W [directions, gates, input], R [directions, gates, hidden],
    B [directions, 2 gates], lengths [batch], initial states [directions, batch, hidden], P."""

    def __init__(self, kind: _Kind, builder: relax.BlockBuilder, inputs: Inputs, attributes: dict):
        self.kind, self.attributes, self.emit = kind, attributes, builder.emit
        self.inputs = [*inputs, *[None] * (8 - len(inputs))]
        self.is_batch_first = attributes.get("layout", 0) == 1
        x, _, r = self.inputs[:3]
        sizes = [_size(size) for size in x.ty.shape]
        self.steps, self.batch, self.width = sizes
        if self.is_batch_first:
            self.batch, self.steps = sizes[:2]
        self.hidden = _size(r.ty.shape[2])
        direction = attributes.get("direction", b"forward").decode()
        if direction not in _DIRECTIONS:
            raise Unsupported(f"its direction is {direction}")
        self.backward = _DIRECTIONS[direction]
        if not 1 <= self.steps <= MAX_STEPS:
            raise Unsupported(
                f"its sequence has {self.steps} steps; from 1 to {MAX_STEPS} are unrolled"
            )

    def import_node(self) -> relax.Expr:
        """Y, Y_h and, of an LSTM, Y_c."""
        names = self.kind.activations
        activations = read_activations(self.attributes, names * len(self.backward))
        results = []
        for index in range(len(self.backward)):
            own = activations[index * len(names) : (index + 1) * len(names)]
            results.append(self._run(index, own))
        # [steps, directions, batch, hidden]
        rows = [hidden for step in zip(*(all_steps for all_steps, _ in results)) for hidden in step]
        y = self._stacked(rows, (self.steps, len(self.backward), self.batch, self.hidden))
        outputs = [self.emit(op.permute_dims(y, [2, 0, 1, 3])) if self.is_batch_first else y]
        for index in range(self.kind.states):
            last = self._stacked(
                [state[index] for _, state in results],
                (len(self.backward), self.batch, self.hidden),
            )
            outputs.append(self._swapped(last))
        return relax.Tuple(outputs)

    def _run(self, index: int, activations: list[Activation]) -> tuple[list[relax.Expr], State]:
        """The hidden state of every step, in the sequence's order, and the last state."""
        direction = self._direction(index, activations)
        take_step = self.kind.make_step(direction)
        rows = self._input_gates(direction)
        state = [self._initial(input_index, index) for input_index in (5, 6)][: self.kind.states]
        shown: list[relax.Expr] = [None] * self.steps
        for step in reversed(range(self.steps)) if direction.is_backward else range(self.steps):
            after = take_step(rows[step], state)
            running = self._running(step)
            shown[step] = after[0]
            if running is not None:
                nothing = relax.const(0, str(after[0].ty.dtype))
                shown[step] = self.emit(op.where(running, after[0], nothing))
                after = [
                    self.emit(op.where(running, new, old))
                    for new, old in zip(after, state, strict=True)
                ]
            state = after
        return shown, state

    def _direction(self, index: int, activations: list[Activation]) -> _Direction:
        w, r, bias, peepholes = (self._of_direction(self.inputs[i], index) for i in (1, 2, 3, 7))
        size = self.kind.gates * self.hidden
        biases = [None, None]
        if bias is not None:
            biases = [_part(self.emit, bias, 0, i * size, (i + 1) * size) for i in (0, 1)]
        return _Direction(
            self.emit,
            self.attributes,
            activations,
            self.hidden,
            _transposed(self.emit, w),
            _transposed(self.emit, r),
            *biases,
            peepholes,
            self.backward[index],
        )

    def _of_direction(self, value: relax.Expr | None, index: int) -> relax.Expr | None:
        if value is None:
            return None
        part = _part(self.emit, value, 0, index, index + 1)
        shape = tuple(_size(size) for size in value.ty.shape)[1:]
        if isinstance(part, tvm.ir.GenericConst):
            return relax.const(part.value.numpy().reshape(shape))
        return self.emit(op.reshape(part, shape))

    def _input_gates(self, direction: _Direction) -> list[relax.Expr]:
        """W times each step's input, [batch, gates]."""
        x = self._swapped(self.inputs[0])
        flat = self.emit(op.reshape(x, (self.steps * self.batch, self.width)))
        gates = direction.product(flat, direction.w)
        if self.steps == 1:
            return [gates]
        parts = self.emit(op.split(gates, self.steps, 0))
        return [self.emit(relax.TupleGetItem(parts, i)) for i in range(self.steps)]

    def _initial(self, input_index: int, index: int) -> relax.Expr:
        given = self.inputs[input_index]
        if given is None:
            dtype = str(self.inputs[0].ty.dtype)
            return relax.const(np.zeros((self.batch, self.hidden), dtype))
        return self._of_direction(self._swapped(given), index)

    def _running(self, step: int) -> relax.Expr | None:
        """Which sequences have this step, [batch, 1]; None where all have it."""
        lengths = self.inputs[4]
        if lengths is None:
            return None
        if isinstance(lengths, tvm.ir.GenericConst):
            running = lengths.value.numpy().reshape(-1, 1) > step
            return None if running.all() else relax.const(running)
        running = self.emit(op.greater(lengths, relax.const(step, str(lengths.ty.dtype))))
        return self.emit(op.expand_dims(running, 1))

    def _swapped(self, value: relax.Expr) -> relax.Expr:
        """The first two axes, where a node has the batch first."""
        return self.emit(op.permute_dims(value, [1, 0, 2])) if self.is_batch_first else value

    def _stacked(self, rows: list[relax.Expr], shape: tuple[int, ...]) -> relax.Expr:
        """Along the first axis, then reshaped."""
        while len(rows) > 1:
            groups = [rows[i : i + _CONCAT_AT_ONCE] for i in range(0, len(rows), _CONCAT_AT_ONCE)]
            rows = [
                self.emit(op.concat(group, 0)) if len(group) > 1 else group[0] for group in groups
            ]
        return self.emit(op.reshape(rows[0], shape))


def _size(size: relax.Expr) -> int:
    if not isinstance(size, int | tvm.tirx.IntImm):
        raise Unsupported("its sizes are not all known")
    return int(size)


def _part(
    emit: Callable[[relax.Expr], relax.Expr], value: relax.Expr, axis: int, begin: int, end: int
) -> relax.Expr:
    """From `begin` to `end` of an axis; of a constant, a constant."""
    axis %= len(value.ty.shape)
    if (begin, end) == (0, _size(value.ty.shape[axis])):
        return value
    if isinstance(value, tvm.ir.GenericConst):
        indices = np.arange(begin, end)
        return relax.const(np.ascontiguousarray(value.value.numpy().take(indices, axis)))
    return emit(op.strided_slice(value, axes=[axis], begin=[begin], end=[end]))


def _transposed(emit: Callable[[relax.Expr], relax.Expr], matrix: relax.Expr) -> relax.Expr:
    if isinstance(matrix, tvm.ir.GenericConst):
        return relax.const(np.ascontiguousarray(matrix.value.numpy().T))
    return emit(op.permute_dims(matrix, [1, 0]))


def _import_as(name: str) -> Callable[[relax.BlockBuilder, Inputs, dict], relax.Expr]:
    kind = _KINDS[name]
    return lambda builder, inputs, attributes: _Layer(
        kind, builder, inputs, attributes
    ).import_node()


RECURRENT_OPERATORS = {name: _import_as(name) for name in _KINDS}
