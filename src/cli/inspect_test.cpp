#include "cli/inspect.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "onnx/test_model.h"

namespace dnnbench {
namespace {

using namespace testing;

Model example() {
  const TemporaryFolder folder;
  onnx::ModelProto proto = picture_model();
  add_input(proto, "ids", onnx::TensorProto::INT64, {"batch"});
  add_node(proto, "Gather", {"w", "ids"}, {"picked"});
  add_node(proto, "RandomNormal", {}, {"noise"});
  Model model = read_model(write_model(proto, folder / "model.onnx"));
  model.path = "model.onnx";
  model.file_bytes = 1234567;
  model.external_files = {"weights.bin"};
  return model;
}

ResolvedShapes example_shapes(const Model& model) {
  return choose_sizes(model, {{"images", {2, 3, 7, 4}}},
                      [](const InputShapes&) { return std::nullopt; });
}

TEST(InspectTest, Text) {
  const Model model = example();
  EXPECT_EQ(inspect_text(model, example_shapes(model)),
            R"(model     model.onnx
file      1,234,567 bytes
format    ONNX IR version 8
opsets    ai.onnx 17
producer  test
weights   4 elements, 16 bytes
inputs
  images  float32[batch,3,height,4]  measured as 2x3x7x4 (batch given, height given)
  ids  int64[batch]  measured as 2 (batch given)
outputs
  y  float32[batch,3,height,4]
weight files
  weights.bin
random operators, which make outputs unverifiable
  RandomNormal (node noise)
operators (4 nodes)
  Gather             1
  Mul                1
  RandomNormal       1
  Relu               1
)");
}

TEST(InspectTest, NamesDontControlTheTerminal) {
  Model model = example();
  model.inputs[0].name = model.outputs[0].name = model.producer = "a\033[31mb";
  model.operators[0].type = "G\033c";
  const std::string text = inspect_text(model, std::nullopt);
  EXPECT_EQ(text.find('\033'), std::string::npos) << text;
  EXPECT_NE(text.find("  a [31mb  float32"), std::string::npos) << text;
}

TEST(InspectTest, WithoutAnEngineOpenDimensionsAreDynamic) {
  const std::string text = inspect_text(example(), std::nullopt);
  EXPECT_NE(text.find("  images  float32[batch,3,height,4]  dynamic\n"), std::string::npos);
}

TEST(InspectTest, JsonSaysTheSame) {
  const Model model = example();
  const auto json = nlohmann::json::parse(inspect_json(model, example_shapes(model)));
  EXPECT_EQ(json["file_bytes"], 1234567);
  EXPECT_EQ(json["opsets"]["ai.onnx"], 17);
  EXPECT_EQ(json["inputs"][0]["dimensions"][0]["symbol"], "batch");
  EXPECT_EQ(json["inputs"][0]["dimensions"][1]["size"], 3);
  EXPECT_EQ(json["inputs"][0]["measured_as"][2]["size"], 7);
  EXPECT_EQ(json["inputs"][0]["measured_as"][2]["source"], "user");
  EXPECT_EQ(json["inputs"][1]["range"], (nlohmann::json{0.0, 3.0}));
  EXPECT_EQ(json["operators"].size(), 4u);
  EXPECT_EQ(json["random_operators"][0], "RandomNormal (node noise)");
  const auto dynamic = nlohmann::json::parse(inspect_json(model, std::nullopt));
  EXPECT_TRUE(dynamic["inputs"][0]["measured_as"].is_null());
}

TEST(InspectTest, NamesOfAnyBytesAreStillJson) {
  Model model = example();
  model.inputs[0].name = "\xff\xfe";
  EXPECT_NO_THROW(nlohmann::json::parse(inspect_json(model, std::nullopt)));
}

}  // namespace
}  // namespace dnnbench
