#include "targets.h"

#include <algorithm>

#include "advise/catalogue.h"
#include "core/error.h"
#include "import/read_graph.h"
#include "inputs/given_inputs.h"
#include "inputs/npy.h"
#include "inputs/npz.h"
#include "onnx/model.h"
#include "protocol/messages.h"
#include "protocol/value_file.h"
#include "results/stored_result.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench::fuzz {
namespace {

constexpr int64_t kMaxValues_bytes = 1 << 20;

const std::string& folder() {
  static const TemporaryFolder kFolder;
  return kFolder.path();
}

std::string file_of(const std::string& bytes, const std::string& name) {
  const std::string path = folder() + "/" + name;
  write_file(path, bytes);
  return path;
}

// External data that a model may name: "weights", 64 bytes.
void onnx(const std::string& bytes) {
  static const std::string kWeights = file_of(std::string(64, 'w'), "weights");
  const std::string path = file_of(bytes, "model.onnx");
  read_model(path);
  LoadConfig config;
  config.model_path = path;
  config.simplified_path = path;
  import::read_graph(config);
}

// A TensorProto as a test data set has it, for an input x of float[2,3].
void pb(const std::string& bytes) {
  Model model;
  model.inputs = {{"x", ModelValue::Kind::kTensor, DataType::kFloat32, {{{2, ""}, {3, ""}}}}};
  file_of(bytes, "test_data/input_0.pb");
  read_given_inputs(model, {}, folder() + "/test_data");
}

template <typename Fields, typename... Asked>
void read_as(const Reply& reply, const Asked&... asked) {
  try {
    check(read_fields<Fields>(reply.fields), asked..., Exchange{1, 2});
  } catch (const Error&) {
  }
}

void reply(const std::string& bytes) {
  const Reply reply = parse_reply(bytes);
  read_as<Hello>(reply);
  read_as<Loaded>(reply);
  read_as<TimedSlice>(reply, SliceRequest{3, 1, 1});
  read_as<ServedPart>(reply, Schedule{1, {0.1, 0.2, 0.3}, 1, ""});
  read_as<Saved>(reply, SaveConverted{"/tmp/model"});
  read_as<Simplified>(reply);
}

}  // namespace

const std::map<std::string, std::function<void(const std::string&)>>& targets() {
  static const std::map<std::string, std::function<void(const std::string&)>> kTargets{
      {"onnx", onnx},
      {"npy", [](const std::string& bytes) { read_npy(file_of(bytes, "x.npy")); }},
      {"npz", [](const std::string& bytes) { read_npz(file_of(bytes, "x.npz")); }},
      {"pb", pb},
      {"values",
       [](const std::string& bytes) { read_values(file_of(bytes, "values"), kMaxValues_bytes); }},
      {"reply", reply},
      {"result", [](const std::string& bytes) { read_result(file_of(bytes, "result.json")); }},
      {"catalogue", [](const std::string& bytes) { parse_catalogue(bytes, "prices.csv"); }},
  };
  return kTargets;
}

}  // namespace dnnbench::fuzz
