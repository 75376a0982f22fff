// Normalisations that are sums of others.
#include <algorithm>
#include <span>

#include "composite.h"
#include "core/error.h"
#include "semantics/normalization.h"

namespace dnnbench::semantics {
namespace {

// A channel's parameter for an input with channels second: [C, 1, ...].
std::string per_channel(Composite& c, const std::string& parameter, int64_t rank) {
  if (rank <= 2) return parameter;
  Shape shape(static_cast<size_t>(rank) - 1, 1);
  shape[0] = -1;
  return c.reshape(parameter, shape);
}

// Each group as one row of a layer normalisation. Until opset 20 a group had one scale and bias,
// not a channel.
void group_normalization(Composite& c) {
  const Shape shape = c.static_shape(0);
  const int64_t groups = c.node.integer("num_groups", 1), channels = shape.at(1);
  if (groups < 1 || channels % groups != 0) throw Unsupported("its groups are unequal");
  const int64_t batch = shape[0], of_group = element_count(std::span(shape).subspan(1)) / groups;
  const std::string rows =
      c.typed(c.reshape(c.in(0), {batch, groups, of_group}), c.type(0), {batch, groups, of_group});
  const std::string normal = c.add("LayerNormalization", {rows, c.number(1, c.type(0))},
                                   {{"axis", int64_t{2}}, {"epsilon", read_epsilon(c.node)}});
  const auto parameter = [&](size_t index) {
    std::string value = c.in(index);
    if (has_parameters_per_group(c.node)) {
      const std::string spread = c.integers({groups, channels / groups});
      value = c.add("Expand", {c.unsqueeze(value, {1}), spread});
      value = c.reshape(value, {channels});
    }
    return per_channel(c, value, c.rank(0));
  };
  const std::string y = c.add("Mul", {c.reshape(normal, shape), parameter(1)});
  c.out(c.add("Add", {y, parameter(2)}));
}

void mean_variance(Composite& c) {
  const std::string axes = c.integers(c.node.integers("axes", {0, 2, 3}));
  const std::string centred = c.add("Sub", {c.in(0), c.add("ReduceMean", {c.in(0), axes})});
  const std::string variance = c.add("ReduceMean", {c.add("Mul", {centred, centred}), axes});
  const std::string deviation =
      c.add("Add", {c.add("Sqrt", {variance}), c.number(1e-9, c.type(0))});
  c.out(c.add("Div", {centred, deviation}));
}

// The sum of an input, a skip and a bias, normalised: input, skip, gamma, (beta,) bias.
void skip_normalization(Composite& c, bool simplified) {
  const size_t bias = simplified ? 3 : 4;
  if (c.wants(1) || c.wants(2)) throw Unsupported("it gives mean and deviation");
  std::string sum = c.add("Add", {c.in(0), c.in(1)});
  if (c.has(bias)) sum = c.add("Add", {sum, c.in(bias)});
  c.typed(sum, c.type(0), c.shape(0));
  const Attributes attributes{{"axis", int64_t{-1}}, {"epsilon", c.node.number("epsilon", 1e-12)}};
  if (simplified) {
    c.out(0, c.add("RMSNormalization", {sum, c.in(2)}, attributes));
  } else {
    c.out(0, c.add("LayerNormalization", {sum, c.in(2), c.in(3)}, attributes));
  }
  c.out(3, sum);
}

}  // namespace

LowerTable lower_normalization() {
  return {
      {"GroupNormalization", group_normalization},
      {"MeanVarianceNormalization", mean_variance},
      {"com.microsoft.SkipLayerNormalization", [](Composite& c) { skip_normalization(c, false); }},
      {"com.microsoft.SkipSimplifiedLayerNormalization",
       [](Composite& c) { skip_normalization(c, true); }},
  };
}

}  // namespace dnnbench::semantics
