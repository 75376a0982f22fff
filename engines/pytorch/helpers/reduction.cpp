#include "helpers.h"

namespace dnnbench::pytorch {

const char* const kReductionHelpers = R"(
def extreme_or_limit(self, x: Tensor, axes: List[int], keep: bool, greatest: bool):
  if x.numel() > 0:
    if greatest:
      return torch.amax(x, axes, keep)
    return torch.amin(x, axes, keep)
  # Of no elements: the type's smallest or greatest.
  empty = torch.sum(torch.abs(x.to(7)), axes, keep)
  if x.dtype == 11:
    return torch.full_like(empty, 0.0 if greatest else 1.0).to(11)
  if torch.is_floating_point(x):
    return torch.full_like(empty, float("-inf") if greatest else float("inf")).to(x.dtype)
  low = {0: 0, 1: -128, 2: -32768, 3: -2147483648, 4: -9223372036854775807 - 1}
  high = {0: 255, 1: 127, 2: 32767, 3: 2147483647, 4: 9223372036854775807}
  limit = low[x.dtype] if greatest else high[x.dtype]
  return torch.full_like(empty.to(4), limit).to(x.dtype)

def product(self, x: Tensor, axes: List[int], keep: bool):
  y = x
  for i in range(len(axes)):
    y = torch.prod(y, axes[i], True)
  if keep or len(axes) == 0:
    return y
  return torch.squeeze(y, axes)

def cumulative_sum(self, x: Tensor, axis: int, exclusive: bool, backwards: bool):
  y = torch.flip(x, [axis]) if backwards else x
  if exclusive:
    y = self.shifted(y, axis, 0)
  z = torch.cumsum(y, axis)
  return torch.flip(z, [axis]) if backwards else z

def cumulative_product(self, x: Tensor, axis: int, exclusive: bool, backwards: bool):
  y = torch.flip(x, [axis]) if backwards else x
  if exclusive:
    y = self.shifted(y, axis, 1)
  z = torch.cumprod(y, axis)
  return torch.flip(z, [axis]) if backwards else z

def shifted(self, x: Tensor, axis: int, first: int):
  # One place towards the end of the axis, with `first` at its start.
  if x.size(axis) == 0:
    return x
  start = torch.full_like(x.narrow(axis, 0, 1), first)
  return torch.cat([start, x.narrow(axis, 0, x.size(axis) - 1)], axis)

def hardmax(self, x: Tensor, axis: int):
  at = torch.argmax(x, axis, True)
  return torch.scatter(torch.zeros_like(x), axis, at, 1)

def layer_normalization(self, x: Tensor, count: int, epsilon: float):
  axes = [-1] * count
  for i in range(count):
    axes[i] = -1 - i
  mean = torch.mean(x, axes, True)
  centred = x - mean
  scale = torch.rsqrt(torch.mean(centred * centred, axes, True) + epsilon)
  return centred * scale, mean, scale

def batch_normalization_training(self, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: float, momentum: float):
  axes = [0] * (x.dim() - 1)
  sizes = [1] * x.dim()
  sizes[1] = -1
  for i in range(x.dim() - 2):
    axes[i + 1] = i + 2
  own_mean = torch.mean(x, axes, True)
  own_variance = torch.mean(torch.square(x - own_mean), axes, True)
  y = (x - own_mean) * torch.rsqrt(own_variance + epsilon)
  y = y * scale.reshape(sizes) + bias.reshape(sizes)
  running_mean = mean * momentum + own_mean.reshape([-1]) * (1.0 - momentum)
  running_variance = variance * momentum + own_variance.reshape([-1]) * (1.0 - momentum)
  return y, running_mean, running_variance

def local_response_normalization(self, x: Tensor, size: int, alpha: float, beta: float, bias: float):
  squares = torch.square(x)
  before = (size - 1) // 2
  channels = x.size(1)
  pads = [0, 0] * (x.dim() - 2) + [before, size - 1 - before]
  padded = torch.constant_pad_nd(squares, pads)
  total = torch.zeros_like(x)
  for i in range(size):
    total = total + padded.narrow(1, i, channels)
  return x / torch.pow(bias + (alpha / float(size)) * total, beta)

def negative_log_likelihood(self, scores: Tensor, target: Tensor, weight: Optional[Tensor], reduction: int, ignored: int):
  classes = scores.size(1)
  counts = target != ignored
  at = torch.where(counts, target, 0)
  at = torch.where(at < 0, at + classes, at)
  loss = -torch.gather(scores, 1, at.unsqueeze(1)).squeeze(1)
  weights = counts.to(scores.dtype)
  if weight is not None:
    weights = weights * torch.index_select(weight, 0, at.reshape([-1])).reshape(at.size())
  loss = torch.where(counts, loss * weights, torch.zeros_like(loss))
  if reduction == 0:
    return loss
  if reduction == 2:
    return torch.sum(loss)
  return torch.sum(loss) / torch.sum(weights)
)";

}  // namespace dnnbench::pytorch
