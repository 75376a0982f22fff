// Types of outputs that are maps, which classifiers of ai.onnx.ml return. No importer takes them,
// so they are read only to be shown.
#pragma once

#include <map>
#include <string>

#include "core/tensor.h"
#include "import/wire.h"

namespace dnnbench::import {

struct MapType {
  DataType key = DataType::kUndefined;
  DataType value = DataType::kUndefined;
  bool in_sequence = false;  // a sequence of such maps
};

// By name, of a GraphProto's outputs: maps, and sequences of them. Throws Error for a broken graph.
std::map<std::string, MapType> read_map_types(Bytes graph);

}  // namespace dnnbench::import
