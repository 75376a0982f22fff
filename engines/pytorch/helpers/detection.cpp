#include "helpers.h"

namespace dnnbench::pytorch {

const char* const kDetectionHelpers = R"(
def non_max_suppression(self, boxes: Tensor, scores: Tensor, most: int, overlap: float, least: float, centred: bool):
  picked: List[int] = []
  if centred:
    half = boxes[:, :, 2:4] / 2
    corners = torch.cat([boxes[:, :, 0:2] - half, boxes[:, :, 0:2] + half], 2)
  else:
    low = torch.minimum(boxes[:, :, 0:2], boxes[:, :, 2:4])
    corners = torch.cat([low, torch.maximum(boxes[:, :, 0:2], boxes[:, :, 2:4])], 2)
  sides = corners[:, :, 2:4] - corners[:, :, 0:2]
  areas = sides[:, :, 0] * sides[:, :, 1]
  if most > 0:
    for b in range(scores.size(0)):
      for c in range(scores.size(1)):
        one = scores[b, c]
        above = torch.nonzero(one > least).reshape([-1])
        values, order = torch.sort(one[above], stable=True, dim=0, descending=True)
        order = above[order]
        box = corners[b][order]
        area = areas[b][order]
        free = torch.ones([order.size(0)], dtype=11)
        count = 0
        i = 0
        while i < order.size(0) and count < most:
          if bool(free[i]):
            picked.append(b)
            picked.append(c)
            picked.append(int(order[i]))
            count += 1
            low = torch.maximum(box[:, 0:2], box[i, 0:2])
            high = torch.minimum(box[:, 2:4], box[i, 2:4])
            common = torch.clamp(high - low, 0)
            shared = common[:, 0] * common[:, 1]
            ratio = shared / (area + area[i] - shared)
            free = torch.logical_and(free, torch.logical_not(torch.logical_and(shared > 0, ratio > overlap)))
          i += 1
  return torch.tensor(picked, dtype=4).reshape([-1, 3])

def roi_samples(self, start: float, extent: float, bins: int, count: int, dtype: int):
  # Coordinates of `count` samples in each of the bins, one after the other.
  size = extent / float(bins)
  at = torch.arange(bins * count, dtype=dtype)
  inside = torch.remainder(at, count)
  return start + torch.floor(at / count) * size + (inside + 0.5) * size / float(count)

def roi_axis(self, at: Tensor, size: int):
  # Two neighbours and their weights; nothing beyond a pixel outside.
  inside = torch.logical_and(at >= -1.0, at <= float(size))
  at = torch.clamp(at, 0.0, float(size - 1))
  low = torch.clamp(torch.floor(at), 0, size - 1).to(4)
  high = torch.clamp(low + 1, 0, size - 1)
  share = at - low.to(at.dtype)
  return low, high, (1 - share) * inside.to(at.dtype), share * inside.to(at.dtype)

def roi_align(self, x: Tensor, rois: Tensor, batch: Tensor, takes_max: bool, half: bool, oh: int, ow: int, ratio: int, scale: float):
  results: List[Tensor] = []
  shift = 0.5 if half else 0.0
  for i in range(rois.size(0)):
    picture = x[int(batch[i])]
    x1 = float(rois[i, 0]) * scale - shift
    y1 = float(rois[i, 1]) * scale - shift
    width = float(rois[i, 2]) * scale - shift - x1
    height = float(rois[i, 3]) * scale - shift - y1
    if not half:
      width = max(width, 1.0)
      height = max(height, 1.0)
    nh = ratio if ratio > 0 else int(torch.ceil(torch.tensor(height / float(oh))))
    nw = ratio if ratio > 0 else int(torch.ceil(torch.tensor(width / float(ow))))
    h0, h1, a0, a1 = self.roi_axis(self.roi_samples(y1, height, oh, nh, x.dtype), x.size(2))
    w0, w1, b0, b1 = self.roi_axis(self.roi_samples(x1, width, ow, nw, x.dtype), x.size(3))
    top = torch.index_select(picture, 1, h0)
    bottom = torch.index_select(picture, 1, h1)
    a0 = a0.unsqueeze(1)
    a1 = a1.unsqueeze(1)
    parts = [torch.index_select(top, 2, w0) * (a0 * b0), torch.index_select(top, 2, w1) * (a0 * b1), torch.index_select(bottom, 2, w0) * (a1 * b0), torch.index_select(bottom, 2, w1) * (a1 * b1)]
    if takes_max:
      value = torch.amax(torch.stack(parts), [0])
      value = value.reshape([x.size(1), oh, nh, ow, nw])
      results.append(torch.amax(value, [2, 4]))
    else:
      value = parts[0] + parts[1] + parts[2] + parts[3]
      value = value.reshape([x.size(1), oh, nh, ow, nw])
      results.append(torch.mean(value, [2, 4]))
  if len(results) == 0:
    return torch.zeros([0, x.size(1), oh, ow], dtype=x.dtype)
  return torch.stack(results)

def max_roi_pool(self, x: Tensor, rois: Tensor, oh: int, ow: int, scale: float):
  height = x.size(2)
  width = x.size(3)
  results: List[Tensor] = []
  for i in range(rois.size(0)):
    scaled = rois[i, 1:5] * scale
    corners = (torch.sign(scaled) * torch.floor(torch.abs(scaled) + 0.5)).to(4)
    x1 = int(corners[0])
    y1 = int(corners[1])
    h = max(int(corners[3]) - y1 + 1, 1)
    w = max(int(corners[2]) - x1 + 1, 1)
    y = torch.zeros([x.size(1), oh, ow], dtype=x.dtype)
    for p in range(oh):
      top = min(max((p * h) // oh + y1, 0), height)
      bottom = min(max(-((-(p + 1) * h) // oh) + y1, 0), height)
      for q in range(ow):
        left = min(max((q * w) // ow + x1, 0), width)
        right = min(max(-((-(q + 1) * w) // ow) + x1, 0), width)
        if bottom > top and right > left:
          y[:, p, q] = torch.amax(x[int(rois[i, 0])][:, top:bottom, left:right], [1, 2])
    results.append(y)
  return torch.stack(results)
)";

}  // namespace dnnbench::pytorch
