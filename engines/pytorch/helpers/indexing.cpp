#include "helpers.h"

namespace dnnbench::pytorch {

const char* const kIndexingHelpers = R"(
def within_int64(self, x: Tensor):
  assert bool(torch.all(x >= 0)), "not implemented for values of uint64 beyond int64"
  return x

def gather(self, x: Tensor, indices: Tensor, axis: int):
  if axis < 0:
    axis += x.dim()
  sizes = x.size()[:axis] + indices.size() + x.size()[axis + 1:]
  return torch.index_select(x, axis, indices.reshape([-1])).reshape(sizes)

def linear_index(self, indices: Tensor, sizes: List[int]):
  # The last axis of `indices` holds a coordinate for each of the sizes.
  flat = torch.zeros_like(torch.sum(indices, [-1]))
  for i in range(len(sizes)):
    at = torch.select(indices, -1, i)
    at = torch.where(at < 0, at + sizes[i], at)
    assert bool(torch.all(at >= 0)) and bool(torch.all(at < sizes[i])), "an index is out of range"
    flat = flat * sizes[i] + at
  return flat

def gather_nd(self, x: Tensor, indices: Tensor, batch: int):
  depth = indices.size(-1)
  batches = 1
  for i in range(batch):
    batches *= x.size(i)
  rest = x.size()[batch + depth:]
  count = 1
  for i in range(depth):
    count *= x.size(batch + i)
  flat = self.linear_index(indices, x.size()[batch:batch + depth]).reshape([batches, -1])
  rows = x.reshape([batches * count] + rest)
  flat = flat + torch.arange(batches, dtype=4).unsqueeze(1) * count
  picked = torch.index_select(rows, 0, flat.reshape([-1]))
  return picked.reshape(indices.size()[:-1] + rest)

def scatter_nd(self, x: Tensor, indices: Tensor, updates: Tensor, reduction: str):
  depth = indices.size(-1)
  rest = x.size()[depth:]
  count = 1
  for i in range(depth):
    count *= x.size(i)
  flat = self.linear_index(indices, x.size()[:depth]).reshape([-1])
  rows = x.reshape([count, -1])
  new = updates.reshape([flat.size(0), -1])
  at = flat.unsqueeze(1).expand(new.size())
  if reduction == "none":
    return torch.scatter(rows, 0, at, new).reshape(x.size())
  return self.scatter_reduced(rows, 0, at, new, reduction).reshape(x.size())

def scatter_reduced(self, x: Tensor, axis: int, indices: Tensor, updates: Tensor, reduction: str):
  how = "sum"
  if reduction == "mul":
    how = "prod"
  if reduction == "max":
    how = "amax"
  if reduction == "min":
    how = "amin"
  if x.dtype == 11:
    return torch.scatter_reduce(x.to(3), axis, indices, updates.to(3), how).to(11)
  return torch.scatter_reduce(x, axis, indices, updates, how)

def tensor_scatter(self, x: Tensor, updates: Tensor, places: Optional[Tensor], axis: int, circular: bool):
  if axis < 0:
    axis += x.dim()
  y = x.clone()
  length = updates.size(axis)
  for i in range(x.size(0)):
    start = 0
    if places is not None:
      start = int(places[i])
    at = torch.arange(start, start + length, dtype=4)
    if circular:
      at = torch.remainder(at, x.size(axis))
    y[i] = torch.index_copy(x[i], axis - 1, at, updates[i])
  return y

def one_hot(self, indices: Tensor, depth: int, values: Tensor, axis: int):
  if axis < 0:
    axis += indices.dim() + 1
  sizes = [1] * (indices.dim() + 1)
  sizes[axis] = depth
  classes = torch.arange(depth, dtype=4).reshape(sizes)
  at = torch.where(indices < 0, indices + depth, indices).unsqueeze(axis)
  return torch.where(classes == at, values[1], values[0])

def compress(self, x: Tensor, condition: Tensor, axis: int):
  return torch.index_select(x, axis, torch.nonzero(condition).reshape([-1]))

def unique(self, x: Tensor, axis: int, ordered: bool):
  if axis < 0:
    axis += x.dim()
  rows = torch.transpose(x, 0, axis)
  values, inverse, counts = torch.unique_dim(rows, 0, True, True, True)
  n = inverse.size(0)
  first = torch.full([values.size(0)], n, dtype=4)
  first = torch.scatter_reduce(first, 0, inverse, torch.arange(n, dtype=4), "amin")
  if not ordered:
    order = torch.argsort(first)
    rank = torch.argsort(order)
    values = torch.index_select(values, 0, order)
    first = torch.index_select(first, 0, order)
    counts = torch.index_select(counts, 0, order)
    inverse = torch.index_select(rank, 0, inverse)
  return torch.transpose(values, 0, axis), first, inverse, counts

def count_grams(self, counts: Tensor, rows: Tensor, windows: Tensor, grams: Tensor, outputs: Tensor):
  seen = torch.index_select(rows, 1, windows).reshape([rows.size(0), -1, 1, grams.size(1)])
  hits = torch.all(seen == grams, 3).sum(1)
  return torch.index_add(counts, 1, outputs, hits.to(6))
)";

}  // namespace dnnbench::pytorch
