#include "model_outline.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "onnx.pb.h"
#include "testing/temporary_folder.h"

namespace dnnbench::ort {
namespace {

void add_input(onnx::GraphProto& graph, const std::string& name, onnx::TensorProto::DataType type,
               const std::vector<std::string>& dimensions) {
  auto& input = *graph.add_input();
  input.set_name(name);
  auto& tensor = *input.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape();
  for (const std::string& dimension : dimensions) {
    auto& added = *tensor.mutable_shape()->add_dim();
    const bool is_size = dimension.find_first_not_of("0123456789") == std::string::npos;
    if (is_size && !dimension.empty()) {
      added.set_dim_value(std::stoll(dimension));
    } else if (!dimension.empty()) {
      added.set_dim_param(dimension);
    }
  }
}

ModelOutline outline_of(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.onnx";
  std::ofstream(path, std::ios::binary) << bytes;
  return read_outline(path);
}

onnx::ModelProto model_with_weights() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  auto& graph = *model.mutable_graph();
  auto& weights = *graph.add_initializer();
  weights.set_name("w");
  weights.add_dims(1 << 14);
  weights.set_data_type(onnx::TensorProto::FLOAT16);
  weights.set_raw_data(std::string(2 << 14, 'x'));
  add_input(graph, "x", onnx::TensorProto::FLOAT, {"batch", "3", "", "width"});
  add_input(graph, "ids", onnx::TensorProto::INT64, {"batch"});
  add_input(graph, "scale", onnx::TensorProto::FLOAT, {});
  return model;
}

TEST(ModelOutline, NamesDimensionsAndFindsTypes) {
  const ModelOutline outline = outline_of(model_with_weights().SerializeAsString());
  EXPECT_EQ(outline.dimension_names.at("x"), (std::vector<std::string>{"batch", "", "?", "width"}));
  EXPECT_EQ(outline.dimension_names.at("ids"), std::vector<std::string>{"batch"});
  EXPECT_TRUE(outline.dimension_names.at("scale").empty());
  EXPECT_EQ(outline.element_types,
            (std::set<DataType>{DataType::kFloat32, DataType::kInt64, DataType::kFloat16}));
}

onnx::ModelProto model_of(const std::string& op) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  auto& node = *model.mutable_graph()->add_node();
  node.set_op_type(op);
  node.add_output("y");
  return model;
}

TEST(ModelOutline, IsQuantisedWhereProductsMayBeIn8Bits) {
  for (const char* op : {"QuantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "MatMulInteger",
                         "DynamicQuantizeLSTM"}) {
    EXPECT_TRUE(outline_of(model_of(op).SerializeAsString()).is_quantised) << op;
  }
  for (const char* op : {"DequantizeLinear", "Conv", "MatMulNBits"}) {
    const ModelOutline outline = outline_of(model_of(op).SerializeAsString());
    EXPECT_FALSE(outline.is_quantised) << op;
    EXPECT_EQ(outline.has_quantised_weights, op != std::string("Conv"));
  }
}

TEST(ModelOutline, IsQuantisedWhereABranchIs) {
  onnx::ModelProto model = model_of("If");
  auto& branch = *model.mutable_graph()->mutable_node(0)->add_attribute();
  branch.set_name("then_branch");
  branch.set_type(onnx::AttributeProto::GRAPH);
  *branch.mutable_g() = model_of("QLinearMatMul").graph();
  EXPECT_TRUE(outline_of(model.SerializeAsString()).is_quantised);
}

TEST(ModelOutline, OfATruncatedOrForeignFileIsWhatCanBeRead) {
  const std::string bytes = model_with_weights().SerializeAsString();
  for (size_t length = 0; length < bytes.size(); length += 97) {
    outline_of(bytes.substr(0, length));
  }
  EXPECT_TRUE(outline_of("no model at all\n").dimension_names.empty());
  EXPECT_TRUE(read_outline("/nonexistent").dimension_names.empty());
}

ModelOutline outline_of_input(const std::vector<std::string>& dimensions) {
  onnx::ModelProto model;
  add_input(*model.mutable_graph(), "x", onnx::TensorProto::FLOAT, dimensions);
  add_input(*model.mutable_graph(), "ids", onnx::TensorProto::INT64, {"batch"});
  add_input(*model.mutable_graph(), "scale", onnx::TensorProto::FLOAT, {});
  return outline_of(model.SerializeAsString());
}

TEST(NamedSizes, AreThoseOfTheInputShapes) {
  const ModelOutline outline = outline_of_input({"batch", "3", "width"});
  const std::map<std::string, int64_t> expected{{"batch", 2}, {"width", 224}};
  EXPECT_EQ(named_sizes(outline, {{"x", {2, 3, 224}}, {"ids", {2}}, {"scale", {}}}), expected);
  EXPECT_TRUE(named_sizes(outline, {})->empty());
}

TEST(NamedSizes, AreNoneWhereANameHasTwo) {
  const ModelOutline outline = outline_of_input({"batch", "3", "width"});
  EXPECT_EQ(named_sizes(outline, {{"x", {2, 3, 224}}, {"ids", {4}}}), std::nullopt);
}

TEST(NamedSizes, AreNoneWhereADimensionHasNoNameOfItsOwn) {
  for (const char* name : {"?", ""}) {
    EXPECT_EQ(named_sizes(outline_of_input({name, "3"}), {{"x", {2, 3}}}), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace dnnbench::ort
