#include "import/real_paths.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "import/proto_fields.h"
#include "import/read_model.h"
#include "import/write_model.h"

namespace dnnbench::import {
namespace {

namespace fs = std::filesystem;

using Locations = std::map<std::string, std::string>;  // old to new

std::string with_location(Bytes entry, const Locations& locations) {
  const auto found = text_of(entry, entry_field::kKey) == "location"
                         ? locations.find(text_of(entry, entry_field::kValue))
                         : locations.end();
  std::string message;
  WireReader reader(entry);
  while (reader.next()) {
    if (reader.field() == entry_field::kValue && found != locations.end()) {
      write_text(message, entry_field::kValue, found->second);
    } else {
      write_whole(message, reader.whole());
    }
  }
  return message;
}

// The kinds of message that a tensor may lie in, down from the graph.
enum class Kind { kGraph, kNode, kAttribute, kTensor, kEntry, kOther };

Kind kind_of_field(Kind message, int field) {
  switch (message) {
    case Kind::kGraph:
      if (field == graph_field::kNode) return Kind::kNode;
      return field == graph_field::kInitializer ? Kind::kTensor : Kind::kOther;
    case Kind::kNode:
      return field == node_field::kAttribute ? Kind::kAttribute : Kind::kOther;
    case Kind::kAttribute:
      if (field == attribute_field::kGraph || field == attribute_field::kGraphs) {
        return Kind::kGraph;
      }
      return field == attribute_field::kTensor || field == attribute_field::kTensors ? Kind::kTensor
                                                                                     : Kind::kOther;
    case Kind::kTensor:
      return field == tensor_field::kExternalData ? Kind::kEntry : Kind::kOther;
    default:
      return Kind::kOther;
  }
}

std::string with_locations(Bytes message, Kind kind, const Locations& locations) {
  if (kind == Kind::kEntry) return with_location(message, locations);
  std::string copy;
  WireReader reader(message);
  while (reader.next()) {
    const Kind inner = kind_of_field(kind, reader.field());
    if (inner == Kind::kOther) {
      write_whole(copy, reader.whole());
    } else {
      write_text(copy, reader.field(), with_locations(reader.bytes(), inner, locations));
    }
  }
  return copy;
}

// The deepest folder that both are in.
fs::path common_folder(const fs::path& a, const fs::path& b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  fs::path common;
  for (auto part = a.begin(); part != end; ++part) common /= *part;
  return common;
}

}  // namespace

std::optional<RealPaths> with_real_paths(const std::string& model_path) {
  const ModelFile model = read_model_file(model_path);
  const fs::path folder = fs::absolute(model_path).parent_path();
  bool is_linked = false;
  fs::path common;
  std::map<std::string, fs::path> real;
  for (const std::string& name : model.external_files) {
    const fs::path path = (folder / name).lexically_normal();
    real[name] = fs::canonical(path);
    is_linked = is_linked || real[name] != path;
    const fs::path parent = real[name].parent_path();
    common = common.empty() ? parent : common_folder(common, parent);
  }
  if (!is_linked) return std::nullopt;
  Locations locations;
  for (const auto& [name, path] : real) locations[name] = path.lexically_relative(common).string();
  return RealPaths{
      with_graph(model.message, with_locations(model.graph_message, Kind::kGraph, locations)),
      common.string() + "/"};
}

}  // namespace dnnbench::import
