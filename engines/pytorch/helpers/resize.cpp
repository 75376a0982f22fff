#include "helpers.h"

namespace dnnbench::pytorch {

// The same arithmetic as semantics/resize.h, for scales and sizes that are known only when it runs.
const char* const kResizingHelpers = R"(
def resize_coordinates(self, n: int, out: int, scale: float, how: str, start: float, end: float):
  at = torch.arange(out, dtype=6)
  if how == "align_corners":
    return at * float(n - 1) / float(max(out - 1, 1))
  if how == "asymmetric":
    return at / scale
  if how == "tf_half_pixel_for_nn":
    return (at + 0.5) / scale
  if how == "pytorch_half_pixel" and out <= 1:
    return torch.zeros_like(at)
  if how == "half_pixel_symmetric":
    offset = float(n) / 2.0 * (1.0 - float(out) / (scale * float(n)))
    return offset + (at + 0.5) / scale - 0.5
  if how == "tf_crop_and_resize":
    if out > 1:
      return start * float(n - 1) + at * (end - start) * float(n - 1) / float(out - 1)
    return torch.full_like(at, 0.5 * (start + end) * float(n - 1))
  return (at + 0.5) / scale - 0.5

def resize_nearest(self, at: Tensor, scale: float, how: str):
  if how == "simple":
    return torch.ceil(at) if scale < 1.0 else torch.trunc(at)
  if how == "floor":
    return torch.floor(at)
  if how == "ceil":
    return torch.ceil(at)
  if how == "round_prefer_ceil":
    return torch.floor(at + 0.5)
  return torch.ceil(at - 0.5)

def resize_matrix(self, at: Tensor, n: int, scale: float, mode: str, a: float, excludes: bool, antialias: bool):
  shrink = min(1.0, scale) if antialias else 1.0
  reach = (2.0 if mode == "cubic" else 1.0) / shrink
  taps = int(torch.ceil(torch.tensor(2.0 * reach)))
  index = (torch.floor(at - reach) + 1).unsqueeze(1) + torch.arange(taps, dtype=6)
  d = torch.abs(index - at.unsqueeze(1)) * shrink
  if mode == "cubic":
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    weights = torch.where(d <= 1, near, torch.where(d < 2, far, torch.zeros_like(d)))
  else:
    weights = torch.clamp(1 - d, 0)
  if excludes:
    inside = torch.logical_and(index >= 0, index < n)
    weights = weights * inside.to(6)
  if excludes or antialias:
    weights = weights / torch.sum(weights, [1], True)
  matrix = torch.zeros([at.size(0), n], dtype=6)
  return torch.scatter_add(matrix, 1, torch.clamp(index, 0, n - 1).to(4), weights)

def resize_dynamic(self, x: Tensor, scales: List[float], sizes: List[int], roi: List[float], axes: List[int], policy: str, mode: str, how: str, nearest: str, a: float, excludes: bool, antialias: bool, outside: float):
  count = len(axes)
  wanted = sizes[:]
  scale = scales[:]
  if len(sizes) > 0:
    scale = [1.0] * count
    least = 1e30
    most = 0.0
    for i in range(count):
      axis = axes[i]
      scale[i] = float(sizes[i]) / float(x.size(axis))
      least = min(least, scale[i])
      most = max(most, scale[i])
    if policy != "stretch":
      for i in range(count):
        axis = axes[i]
        scale[i] = least if policy == "not_larger" else most
        wanted[i] = int(scale[i] * float(x.size(axis)) + 0.5)
  beyond = torch.zeros([1], dtype=11)
  for i in range(count):
    axis = axes[i]
    n = x.size(axis)
    start = 0.0
    end = 1.0
    if len(roi) > 0:
      start = roi[i]
      end = roi[count + i]
    # A product in float32, as ONNX Runtime rounds it.
    out = wanted[i] if len(sizes) > 0 else int(torch.full([], float(n), dtype=6) * scale[i])
    if out != n or scale[i] != 1.0 or start != 0.0 or end != 1.0:
      at = self.resize_coordinates(n, out, scale[i], how, start, end)
      if mode == "nearest":
        index = torch.clamp(self.resize_nearest(at, scale[i], nearest), 0, n - 1)
        x = torch.index_select(x, axis, index.to(4))
      else:
        matrix = self.resize_matrix(at, n, scale[i], mode, a, excludes, antialias).to(x.dtype)
        x = torch.matmul(x.transpose(axis, -1), matrix.t()).transpose(axis, -1)
      if how == "tf_crop_and_resize":
        shape = [1] * x.dim()
        shape[axis] = out
        here = torch.logical_or(at < 0, at > n - 1).reshape(shape)
        beyond = torch.logical_or(beyond, here)
  if how == "tf_crop_and_resize":
    x = torch.where(beyond, torch.full_like(x, outside), x)
  return x
)";

}  // namespace dnnbench::pytorch
