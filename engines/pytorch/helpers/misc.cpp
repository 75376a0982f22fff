#include "helpers.h"

namespace dnnbench::pytorch {

const char* const kSequenceHelpers = R"(
def sequence_insert(self, sequence: List[Tensor], tensor: Tensor, place: int):
  if place < 0:
    place += len(sequence)
  longer: List[Tensor] = []
  for i in range(len(sequence)):
    if i == place:
      longer.append(tensor)
    longer.append(sequence[i])
  if place == len(sequence):
    longer.append(tensor)
  return longer

def sequence_erase(self, sequence: List[Tensor], place: int):
  if place < 0:
    place += len(sequence)
  shorter: List[Tensor] = []
  for i in range(len(sequence)):
    if i != place:
      shorter.append(sequence[i])
  return shorter
)";

const char* const kQuantizationHelpers = R"(
def repeat_blocks(self, x: Tensor, block: int, axis: int, size: int):
  return torch.repeat_interleave(x, block, axis).narrow(axis, 0, size)

def weights_of_bits(self, packed: Tensor, scales: Tensor, zeros: Optional[Tensor], bits: int, block: int, n: int, k: int):
  # The first of a byte's numbers lies in its lowest bits.
  per_byte = 8 // bits
  shifts = torch.arange(per_byte, dtype=3) * bits
  mask = (1 << bits) - 1
  blocks = (k + block - 1) // block
  whole = packed.reshape([n, -1]).to(3)
  values = torch.bitwise_and(torch.bitwise_right_shift(whole.unsqueeze(2), shifts), mask)
  values = values.reshape([n, blocks, block]).to(6)
  point = torch.full([n, blocks, 1], float(1 << (bits - 1)), dtype=6)
  if zeros is not None:
    if torch.is_floating_point(zeros):
      point = zeros.reshape([n, blocks, 1]).to(6)
    else:
      rows = zeros.reshape([n, -1]).to(3)
      points = torch.bitwise_and(torch.bitwise_right_shift(rows.unsqueeze(2), shifts), mask)
      point = points.reshape([n, -1]).narrow(1, 0, blocks).unsqueeze(2).to(6)
  return ((values - point) * scales.reshape([n, blocks, 1]).to(6)).reshape([n, -1]).narrow(1, 0, k)

def dynamic_quantize(self, x: Tensor):
  zero = torch.zeros([], dtype=6)
  low = torch.minimum(torch.amin(x), zero)
  high = torch.maximum(torch.amax(x), zero)
  scale = (high - low) / 255
  scale = torch.where(scale == 0, torch.ones_like(scale), scale)
  point = torch.clamp(torch.round(-low / scale), 0, 255)
  y = torch.clamp(torch.round(x / scale) + point, 0, 255)
  return y.to(0), scale, point.to(0)

def quantized_and_back(self, x: Tensor) -> Tensor:
  y, scale, point = self.dynamic_quantize(x)
  return (y.to(6) - point.to(6)) * scale
)";

}  // namespace dnnbench::pytorch
