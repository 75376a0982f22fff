// Activation functions that recurrent layers and fused operators use too.
#pragma once

#include <optional>

#include "graph.h"

namespace dnnbench::tf {

Out clipped(Graph& g, Out x, std::optional<Out> low, std::optional<Out> high);
Out hard_sigmoid(Graph& g, Out x, double alpha, double beta);
Out softplus(Graph& g, Out x);
Out elu(Graph& g, Out x, double alpha);
Out leaky_relu(Graph& g, Out x, double alpha);
Out gelu(Graph& g, Out x, bool by_tanh);
Out thresholded_relu(Graph& g, Out x, double alpha);

}  // namespace dnnbench::tf
