#include "helpers.h"

namespace dnnbench::pytorch {

const char* const kSignalHelpers = R"(
def as_complex(self, x: Tensor):
  # [..., 1] or [..., 2] -> [...]
  if x.size(-1) == 2:
    return torch.view_as_complex(x.contiguous())
  real = torch.select(x, -1, 0)
  return torch.complex(real, torch.zeros_like(real))

def fourier(self, x: Tensor, axis: int, length: int, inverse: bool, onesided: bool):
  if axis < 0:
    axis += x.dim()
  if inverse and onesided:
    n = length if length > 0 else 2 * (x.size(axis) - 1)
    return torch.fft_irfft(self.as_complex(x), n, axis).unsqueeze(-1)
  z = self.as_complex(x)
  n = length if length > 0 else x.size(axis)
  z = torch.fft_ifft(z, n, axis) if inverse else torch.fft_fft(z, n, axis)
  if onesided:
    z = z.narrow(axis, 0, n // 2 + 1)
  return torch.view_as_real(z)

def short_time_fourier(self, x: Tensor, step: int, window: Optional[Tensor], length: int, onesided: bool):
  z = x.unsqueeze(-1) if x.dim() == 2 else x
  frames = z.unfold(1, length, step).transpose(2, 3)
  if window is not None:
    frames = frames * window.reshape([-1, 1])
  return self.fourier(frames.contiguous(), 2, -1, False, onesided)

def cosine_window(self, size: int, periodic: bool, a0: float, a1: float, a2: float):
  n = float(size) if periodic else float(size - 1)
  at = torch.arange(size, dtype=7) * 6.283185307179586 / n
  return a0 - a1 * torch.cos(at) + a2 * torch.cos(2 * at)

def mel_weights(self, bins: int, length: int, rate: int, low: float, high: float):
  columns = length // 2 + 1
  ends = torch.tensor([low, high], dtype=7)
  mels = 2595.0 * torch.log10(1.0 + ends / 700.0)
  step = (mels[1] - mels[0]) / float(bins + 2)
  points = torch.arange(bins + 2, dtype=7) * step + mels[0]
  hertz = 700.0 * (torch.pow(10.0, points / 2595.0) - 1.0)
  places = torch.floor(float(length + 1) * hertz / float(rate)).to(4)
  y = torch.zeros([columns, bins], dtype=7)
  for i in range(bins):
    left = int(places[i])
    middle = int(places[i + 1])
    right = int(places[i + 2])
    if middle == left:
      y[middle, i] = 1.0
    else:
      for j in range(left, middle + 1):
        y[j, i] = float(j - left) / float(middle - left)
    if right > middle:
      for j in range(middle, right):
        y[j, i] = float(right - j) / float(right - middle)
  return y
)";

}  // namespace dnnbench::pytorch
