#include "helpers.h"

namespace dnnbench::pytorch {

const char* const kRecurrentHelpers = R"(
def activate(self, x: Tensor, name: str, alpha: float, beta: float):
  if name == "Sigmoid":
    return torch.sigmoid(x)
  if name == "Tanh":
    return torch.tanh(x)
  if name == "Relu":
    return torch.relu(x)
  if name == "HardSigmoid":
    return torch.clamp(x * alpha + beta, 0.0, 1.0)
  if name == "LeakyRelu":
    return torch.leaky_relu(x, alpha)
  if name == "ThresholdedRelu":
    return torch.where(x > alpha, x, torch.zeros_like(x))
  if name == "ScaledTanh":
    return alpha * torch.tanh(beta * x)
  if name == "Elu":
    return torch.elu(x, alpha)
  if name == "Softsign":
    return x / (1 + torch.abs(x))
  if name == "Softplus":
    return torch.softplus(x)
  assert name == "Affine", "not implemented for this activation"
  return x * alpha + beta

def clipped(self, x: Tensor, clip: float):
  if clip == 0.0:
    return x
  return torch.clamp(x, -clip, clip)

def reverse_steps(self, x: Tensor, lengths: Optional[Tensor]):
  # Each sequence within its own length; what lies behind stays.
  if lengths is None:
    return torch.flip(x, [0])
  at = torch.arange(x.size(0), dtype=4).unsqueeze(1)
  place = torch.where(at < lengths.unsqueeze(0), lengths.unsqueeze(0) - 1 - at, at)
  return torch.gather(x, 0, place.unsqueeze(2).expand(x.size()))

def keep_active(self, t: int, lengths: Optional[Tensor], new: Tensor, old: Tensor):
  if lengths is None:
    return new
  return torch.where((lengths > t).unsqueeze(1), new, old)

def lstm_steps(self, x: Tensor, w: Tensor, r: Tensor, b: Tensor, h: Tensor, c: Tensor, lengths: Optional[Tensor], names: List[str], alphas: List[float], betas: List[float], clip: float, p: Tensor, coupled: bool, quantized: bool):
  n = h.size(1)
  bias = b.narrow(0, 0, 4 * n) + b.narrow(0, 4 * n, 4 * n)
  ys: List[Tensor] = []
  for t in range(x.size(0)):
    seen = self.quantized_and_back(h) if quantized else h
    gates = torch.matmul(x[t], w.t()) + torch.matmul(seen, r.t()) + bias
    i = gates.narrow(1, 0, n) + p.narrow(0, 0, n) * c
    f = gates.narrow(1, 2 * n, n) + p.narrow(0, 2 * n, n) * c
    g = gates.narrow(1, 3 * n, n)
    i = self.activate(self.clipped(i, clip), names[0], alphas[0], betas[0])
    f = self.activate(self.clipped(f, clip), names[0], alphas[0], betas[0])
    if coupled:
      f = 1 - i
    g = self.activate(self.clipped(g, clip), names[1], alphas[1], betas[1])
    new_c = f * c + i * g
    o = gates.narrow(1, n, n) + p.narrow(0, n, n) * new_c
    o = self.activate(self.clipped(o, clip), names[0], alphas[0], betas[0])
    new_h = o * self.activate(new_c, names[2], alphas[2], betas[2])
    ys.append(self.keep_active(t, lengths, new_h, torch.zeros_like(new_h)))
    h = self.keep_active(t, lengths, new_h, h)
    c = self.keep_active(t, lengths, new_c, c)
  return torch.stack(ys), h, c

def gru_steps(self, x: Tensor, w: Tensor, r: Tensor, b: Tensor, h: Tensor, lengths: Optional[Tensor], names: List[str], alphas: List[float], betas: List[float], clip: float, linear_before_reset: bool):
  n = h.size(1)
  wb = b.narrow(0, 0, 3 * n)
  rb = b.narrow(0, 3 * n, 3 * n)
  ys: List[Tensor] = []
  for t in range(x.size(0)):
    gx = torch.matmul(x[t], w.t()) + wb
    gh = torch.matmul(h, r.narrow(0, 0, 2 * n).t()) + rb.narrow(0, 0, 2 * n)
    z = self.activate(self.clipped(gx.narrow(1, 0, n) + gh.narrow(1, 0, n), clip), names[0], alphas[0], betas[0])
    s = self.activate(self.clipped(gx.narrow(1, n, n) + gh.narrow(1, n, n), clip), names[0], alphas[0], betas[0])
    rh = r.narrow(0, 2 * n, n).t()
    bh = rb.narrow(0, 2 * n, n)
    if linear_before_reset:
      hidden = s * (torch.matmul(h, rh) + bh)
    else:
      hidden = torch.matmul(s * h, rh) + bh
    g = self.activate(self.clipped(gx.narrow(1, 2 * n, n) + hidden, clip), names[1], alphas[1], betas[1])
    new_h = (1 - z) * g + z * h
    ys.append(self.keep_active(t, lengths, new_h, torch.zeros_like(new_h)))
    h = self.keep_active(t, lengths, new_h, h)
  return torch.stack(ys), h

def rnn_steps(self, x: Tensor, w: Tensor, r: Tensor, b: Tensor, h: Tensor, lengths: Optional[Tensor], names: List[str], alphas: List[float], betas: List[float], clip: float):
  n = h.size(1)
  bias = b.narrow(0, 0, n) + b.narrow(0, n, n)
  ys: List[Tensor] = []
  for t in range(x.size(0)):
    sum = torch.matmul(x[t], w.t()) + torch.matmul(h, r.t()) + bias
    new_h = self.activate(self.clipped(sum, clip), names[0], alphas[0], betas[0])
    ys.append(self.keep_active(t, lengths, new_h, torch.zeros_like(new_h)))
    h = self.keep_active(t, lengths, new_h, h)
  return torch.stack(ys), h
)";

}  // namespace dnnbench::pytorch
