#include "helpers.h"

namespace dnnbench::pytorch {

const char* const kWindowHelpers = R"(
def windows(self, x: Tensor, kernel: List[int], strides: List[int], dilations: List[int]):
  # [N, C, out..., kernel...]
  for i in range(len(kernel)):
    x = x.unfold(2 + i, (kernel[i] - 1) * dilations[i] + 1, strides[i])
    x = torch.slice(x, -1, 0, 9223372036854775807, dilations[i])
  return x

def last_axes(self, count: int):
  axes = [-1] * count
  for i in range(count):
    axes[i] = -1 - i
  return axes

def sum_of_windows(self, x: Tensor, kernel: List[int], strides: List[int], dilations: List[int]):
  return torch.sum(self.windows(x, kernel, strides, dilations), self.last_axes(len(kernel)))

def power_mean_of_windows(self, x: Tensor, p: float, kernel: List[int], strides: List[int], dilations: List[int]):
  powers = torch.pow(torch.abs(x), p)
  return torch.pow(self.sum_of_windows(powers, kernel, strides, dilations), 1.0 / p)

def max_pool_indices(self, indices: Tensor, sizes: List[int], offset: List[int], original: List[int], column_major: bool):
  # The library counts within each channel of the padded input, ONNX within the whole tensor.
  rest = indices
  flat = torch.zeros_like(indices)
  factor = 1
  total = 1
  for i in range(len(original)):
    total *= original[i]
  if column_major:
    factor = total
  for j in range(len(sizes)):
    i = len(sizes) - 1 - j
    at = torch.remainder(rest, sizes[i]) - offset[i]
    rest = torch.div(rest, sizes[i], rounding_mode="floor")
    if column_major:
      factor = factor // original[i]
    flat = flat + at * factor
    if not column_major:
      factor *= original[i]
  channels = torch.arange(indices.size(0) * indices.size(1), dtype=4) * total
  return flat + channels.reshape([indices.size(0), indices.size(1)] + [1] * len(sizes))

def max_unpool(self, x: Tensor, indices: Tensor, indexed: List[int], sizes: List[int]):
  count = x.size(0) * x.size(1)
  for size in indexed:
    count *= size
  flat = torch.zeros([count], dtype=x.dtype)
  y = torch.scatter(flat, 0, indices.reshape([-1]), x.reshape([-1]))
  y = y.reshape([x.size(0), x.size(1)] + indexed)
  pads = [0] * (2 * len(sizes))
  for i in range(len(sizes)):
    pads[2 * (len(sizes) - 1 - i) + 1] = sizes[i] - indexed[i]
  return torch.constant_pad_nd(y, pads)

def image_from_columns(self, x: Tensor, image: List[int], block: List[int], strides: List[int], begin: List[int], end: List[int], dilations: List[int]):
  blocks = 1
  total = 1
  padded = image[:]
  for i in range(len(block)):
    blocks *= block[i]
    padded[i] = image[i] + begin[i] + end[i]
    total *= padded[i]
  n = x.size(0)
  c = x.size(1) // blocks
  index = torch.zeros([1, 1], dtype=4)
  for i in range(len(block)):
    count = (padded[i] - dilations[i] * (block[i] - 1) - 1) // strides[i] + 1
    inside = torch.arange(block[i], dtype=4) * dilations[i]
    place = torch.arange(count, dtype=4) * strides[i]
    at = inside.unsqueeze(1) + place.unsqueeze(0)
    index = index.unsqueeze(1).unsqueeze(3) * padded[i] + at.unsqueeze(0).unsqueeze(2)
    index = index.reshape([index.size(0) * index.size(1), -1])
  y = torch.zeros([n, c, total], dtype=x.dtype)
  y = torch.index_add(y, 2, index.reshape([-1]), x.reshape([n, c, -1]))
  y = y.reshape([n, c] + padded)
  for i in range(len(image)):
    y = y.narrow(2 + i, begin[i], image[i])
  return y

def sample_bilinear(self, x: Tensor, h: Tensor, w: Tensor):
  # x [N, C, H, W], h and w [N, K] -> [N, C, K]; zero outside.
  n, c, height, width = x.size()
  flat = x.reshape([n, c, height * width])
  h0 = torch.floor(h)
  w0 = torch.floor(w)
  total = torch.zeros([n, c, h.size(1)], dtype=x.dtype)
  for i in range(2):
    for j in range(2):
      at_h = h0 + i
      at_w = w0 + j
      share = (1 - torch.abs(h - at_h)) * (1 - torch.abs(w - at_w))
      inside = torch.logical_and(torch.logical_and(at_h >= 0, at_h < height), torch.logical_and(at_w >= 0, at_w < width))
      index = torch.clamp(at_h, 0, height - 1) * width + torch.clamp(at_w, 0, width - 1)
      index = index.to(4).unsqueeze(1).expand([n, c, h.size(1)])
      value = torch.gather(flat, 2, index)
      total = total + value * (share * inside.to(x.dtype)).unsqueeze(1)
  return total

def deformable_convolution(self, x: Tensor, weights: Tensor, offset: Tensor, bias: Tensor, mask: Tensor, strides: List[int], pads: List[int], dilations: List[int], group: int, offset_group: int):
  n, c, height, width = x.size()
  kh = weights.size(2)
  kw = weights.size(3)
  oh = offset.size(2)
  ow = offset.size(3)
  per_group = c // offset_group
  moved = offset.reshape([n, offset_group, kh * kw, 2, oh, ow])
  rows = (torch.arange(oh, dtype=4) * strides[0] - pads[0]).reshape([1, oh, 1])
  columns = (torch.arange(ow, dtype=4) * strides[1] - pads[1]).reshape([1, 1, ow])
  kernel = torch.arange(kh * kw, dtype=4).reshape([-1, 1, 1])
  base_h = rows + torch.div(kernel, kw, rounding_mode="floor") * dilations[0]
  base_w = columns + torch.remainder(kernel, kw) * dilations[1]
  parts: List[Tensor] = []
  for g in range(offset_group):
    h = (base_h.unsqueeze(0).to(x.dtype) + moved[:, g, :, 0]).reshape([n, -1])
    w = (base_w.unsqueeze(0).to(x.dtype) + moved[:, g, :, 1]).reshape([n, -1])
    sampled = self.sample_bilinear(x.narrow(1, g * per_group, per_group), h, w)
    sampled = sampled.reshape([n, per_group, kh * kw, oh * ow])
    if mask.numel() > 0:
      sampled = sampled * mask.reshape([n, offset_group, 1, kh * kw, oh * ow])[:, g]
    parts.append(sampled)
  columns_of = torch.cat(parts, 1).reshape([n, group, (c // group) * kh * kw, oh * ow])
  flat = weights.reshape([1, group, weights.size(0) // group, -1])
  y = torch.matmul(flat, columns_of).reshape([n, weights.size(0), oh, ow])
  if bias.numel() > 0:
    y = y + bias.reshape([1, -1, 1, 1])
  return y
)";

}  // namespace dnnbench::pytorch
