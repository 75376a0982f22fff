#include "helpers.h"

namespace dnnbench::pytorch {

const char* const kShapingHelpers = R"(
def reshape_dynamic(self, x: Tensor, sizes: List[int], zero_copies: bool):
  wanted = sizes[:]
  if zero_copies:
    for i in range(len(wanted)):
      if wanted[i] == 0:
        wanted[i] = x.size(i)
  return x.reshape(wanted)

def flatten_at(self, x: Tensor, axis: int):
  rows = 1
  for i in range(axis):
    rows *= x.size(i)
  columns = 1
  for i in range(axis, x.dim()):
    columns *= x.size(i)
  return x.reshape([rows, columns])

def unsqueeze_dynamic(self, x: Tensor, axes: List[int]):
  rank = x.dim() + len(axes)
  wanted: List[int] = []
  for axis in axes:
    wanted.append(axis + rank if axis < 0 else axis)
  wanted.sort()
  for axis in wanted:
    x = torch.unsqueeze(x, axis)
  return x

def slice_backwards(self, x: Tensor, axis: int, start: int, end: int, step: int):
  n = x.size(axis)
  if start < 0:
    start += n
  if end < 0:
    end += n
  start = min(max(start, 0), n - 1)
  end = min(max(end, -1), n - 1)
  return torch.index_select(x, axis, torch.arange(start, end, step, dtype=4) if start > end else torch.arange(0, dtype=4))

def slice_dynamic(self, x: Tensor, starts: List[int], ends: List[int], axes: List[int], steps: List[int]):
  for i in range(len(starts)):
    axis = axes[i] if len(axes) > 0 else i
    step = steps[i] if len(steps) > 0 else 1
    if step > 0:
      x = torch.slice(x, axis, starts[i], ends[i], step)
    else:
      x = self.slice_backwards(x, axis, starts[i], ends[i], step)
  return x

def expand_dynamic(self, x: Tensor, sizes: List[int]):
  # Both ways: a size of 1 on either side takes the other's.
  rank = max(x.dim(), len(sizes))
  wanted = [1] * rank
  for i in range(x.dim()):
    wanted[rank - 1 - i] = x.size(x.dim() - 1 - i)
  for i in range(len(sizes)):
    size = sizes[len(sizes) - 1 - i]
    if size != 1:
      wanted[rank - 1 - i] = size
  return x.expand(wanted)

def pad_axis(self, x: Tensor, axis: int, before: int, after: int, mode: str):
  n = x.size(axis)
  at = torch.arange(-before, n + after, dtype=4)
  if mode == "edge":
    at = torch.clamp(at, 0, n - 1)
  elif mode == "wrap":
    at = torch.remainder(at, n)
  elif n == 1:
    at = torch.zeros_like(at)
  else:
    period = 2 * (n - 1)
    at = torch.remainder(at, period)
    at = torch.where(at >= n, period - at, at)
  return torch.index_select(x, axis, at)

def pad_dynamic(self, x: Tensor, pads: List[int], axes: List[int], value: number, mode: str):
  count = len(pads) // 2
  if mode != "constant":
    for i in range(count):
      axis = axes[i] if len(axes) > 0 else i
      x = self.pad_axis(x, axis, pads[i], pads[count + i], mode)
    return x
  last_first = [0] * (2 * x.dim())
  for i in range(count):
    axis = axes[i] if len(axes) > 0 else i
    if axis < 0:
      axis += x.dim()
    last_first[2 * (x.dim() - 1 - axis)] = pads[i]
    last_first[2 * (x.dim() - 1 - axis) + 1] = pads[count + i]
  return torch.constant_pad_nd(x, last_first, value)

def float_range(self, start: Tensor, limit: Tensor, delta: Tensor):
  # Counted in doubles, as ONNX Runtime does it.
  length = (limit.reshape([]) - start.reshape([])).to(7)
  count = max(0, int(torch.ceil(length / delta.reshape([]).to(7))))
  return start.reshape([]) + torch.arange(count, dtype=4).to(start.dtype) * delta.reshape([])

def integer_range(self, start: int, limit: int, delta: int):
  count = max(0, -((start - limit) // delta))
  return start + torch.arange(count, dtype=4) * delta

def eye_like(self, x: Tensor, k: int, dtype: int):
  rows = torch.arange(x.size(0), dtype=4).unsqueeze(1)
  columns = torch.arange(x.size(1), dtype=4).unsqueeze(0)
  return torch.eq(columns - rows, k).to(dtype)

def depth_to_space(self, x: Tensor, block: int, channels_first: bool):
  n, c, h, w = x.size()
  if channels_first:
    y = x.reshape([n, c // (block * block), block, block, h, w]).permute([0, 1, 4, 2, 5, 3])
  else:
    y = x.reshape([n, block, block, c // (block * block), h, w]).permute([0, 3, 4, 1, 5, 2])
  return y.reshape([n, c // (block * block), h * block, w * block])

def space_to_depth(self, x: Tensor, block: int):
  n, c, h, w = x.size()
  y = x.reshape([n, c, h // block, block, w // block, block]).permute([0, 3, 5, 1, 2, 4])
  return y.reshape([n, c * block * block, h // block, w // block])

def center_crop_pad(self, x: Tensor, sizes: List[int], axes: List[int]):
  for i in range(len(sizes)):
    axis = axes[i] if len(axes) > 0 else i
    if axis < 0:
      axis += x.dim()
    n = x.size(axis)
    wanted = sizes[i]
    if wanted < n:
      x = x.narrow(axis, (n - wanted) // 2, wanted)
    elif wanted > n:
      before = (wanted - n) // 2
      pads = [0] * (2 * (x.dim() - axis))
      pads[2 * (x.dim() - 1 - axis)] = before
      pads[2 * (x.dim() - 1 - axis) + 1] = wanted - n - before
      x = torch.constant_pad_nd(x, pads)
  return x

def reverse_sequence(self, x: Tensor, lengths: Tensor, time_axis: int, batch_axis: int):
  y = torch.transpose(x, 0, batch_axis) if batch_axis != 0 else x
  axis = 1 if batch_axis != 0 and time_axis == 0 else time_axis
  rows: List[Tensor] = []
  for i in range(y.size(0)):
    row = y[i]
    n = int(lengths[i])
    rows.append(torch.cat([torch.flip(row.narrow(axis - 1, 0, n), [axis - 1]), row.narrow(axis - 1, n, row.size(axis - 1) - n)], axis - 1))
  z = torch.stack(rows)
  return torch.transpose(z, 0, batch_axis) if batch_axis != 0 else z
)";

}  // namespace dnnbench::pytorch
