// Matrix products that other operators contain.
#pragma once

#include "graph.h"

namespace dnnbench::tf {

// Of the last two dimensions; those before are a batch and broadcast. Both of rank 2 or more.
Out matrix_product(Graph& g, Out a, Out b, bool transpose_a, bool transpose_b);

// As numpy.matmul, vectors included.
Out numpy_matmul(Graph& g, Out a, Out b);

}  // namespace dnnbench::tf
