#include "helpers.h"

namespace dnnbench::pytorch {

const char* const kAttentionHelpers = R"(
def attention(self, q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], lengths: Optional[Tensor], past: int, scale: float, causal: bool, softcap: float, output: int, wide: int):
  groups = q.size(1) // k.size(1)
  if groups > 1:
    k = torch.repeat_interleave(k, groups, 1)
    v = torch.repeat_interleave(v, groups, 1)
  root = scale ** 0.5
  scores = torch.matmul(q * root, k.transpose(2, 3) * root)
  kept = scores
  bias = torch.zeros([q.size(2), k.size(2)], dtype=q.dtype)
  never = torch.full([], float("-inf"), dtype=q.dtype)
  if causal:
    row = torch.arange(q.size(2), dtype=4).unsqueeze(1) + past
    column = torch.arange(k.size(2), dtype=4).unsqueeze(0)
    bias = torch.where(row >= column, bias, never)
  if lengths is not None:
    there = torch.arange(k.size(2), dtype=4).reshape([1, 1, 1, -1]) < lengths.reshape([-1, 1, 1, 1])
    bias = torch.where(there, bias, never)
  if mask is not None:
    short = k.size(2) - mask.size(-1)
    if mask.dtype == 11:
      padded = torch.constant_pad_nd(mask, [0, short], False) if short > 0 else mask
      bias = torch.where(padded, bias, never)
    else:
      bias = bias + (torch.constant_pad_nd(mask, [0, short], float("-inf")) if short > 0 else mask)
  if softcap > 0.0:
    scores = softcap * torch.tanh(scores / softcap)
  if output == 1:
    kept = scores
  scores = scores + bias
  if output == 2:
    kept = scores
  shares = torch.softmax(scores.to(wide), -1).to(q.dtype)
  if output == 3:
    kept = shares
  return torch.matmul(shares, v), kept

def packed_mask(self, mask: Tensor, x: Tensor, k: Tensor, never: float) -> Tensor:
  # Of each key; the end, or end and start, of each sequence; or of each query and key.
  at = torch.arange(k.size(2), dtype=4).unsqueeze(0)
  batch = x.size(0)
  if mask.dim() == 1:
    there = at < mask.narrow(0, 0, batch).unsqueeze(1)
    if mask.size(0) == 2 * batch:
      there = torch.logical_and(there, at >= mask.narrow(0, batch, batch).unsqueeze(1))
    else:
      assert mask.size(0) == batch, "not implemented for this mask"
  else:
    assert mask.dim() < 4, "not implemented for this mask"
    there = mask > 0
  bias = torch.where(there, torch.zeros([], dtype=x.dtype), torch.full([], never, dtype=x.dtype))
  return bias.unsqueeze(1) if mask.dim() == 3 else bias.unsqueeze(1).unsqueeze(1)

def rotary_embedding(self, x: Tensor, cos: Tensor, sin: Tensor, places: Optional[Tensor], count: int, size: int, interleaved: bool):
  flat = x.dim() == 3
  y = x.reshape([x.size(0), x.size(1), count, -1]).transpose(1, 2) if flat else x
  if places is not None:
    cos = self.gather_rows(cos, places)
    sin = self.gather_rows(sin, places)
  part = size if size > 0 else y.size(3)
  half = part // 2
  cos = cos.narrow(-1, 0, half).unsqueeze(1)
  sin = sin.narrow(-1, 0, half).unsqueeze(1)
  turned = y.narrow(3, 0, part)
  if interleaved:
    a = torch.slice(turned, 3, 0, 9223372036854775807, 2)
    b = torch.slice(turned, 3, 1, 9223372036854775807, 2)
  else:
    a = turned.narrow(3, 0, half)
    b = turned.narrow(3, half, half)
  real = cos * a - sin * b
  imaginary = sin * a + cos * b
  if interleaved:
    z = torch.stack([real, imaginary], -1).reshape(turned.size())
  else:
    z = torch.cat([real, imaginary], 3)
  z = torch.cat([z, y.narrow(3, part, y.size(3) - part)], 3)
  if flat:
    return z.transpose(1, 2).reshape(x.size())
  return z

def gather_rows(self, table: Tensor, places: Tensor):
  rows = torch.index_select(table, 0, places.reshape([-1]))
  return rows.reshape(places.size() + [table.size(1)])
)";

}  // namespace dnnbench::pytorch
