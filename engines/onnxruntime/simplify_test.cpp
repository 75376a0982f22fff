#include "simplify.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "onnx/test_model.h"

namespace dnnbench::ort {
namespace {

namespace fs = std::filesystem;

// y = Relu(x), behind an If whose condition is a constant.
onnx::ModelProto model_with_constant_branch() {
  onnx::ModelProto model = testing::empty_model();
  testing::add_input(model, "x", onnx::TensorProto::FLOAT, {"4"});
  testing::add_output(model, "y", onnx::TensorProto::FLOAT, {"4"});
  auto& condition = *model.mutable_graph()->add_initializer();
  condition.set_name("condition");
  condition.set_data_type(onnx::TensorProto::BOOL);
  condition.set_raw_data(std::string(1, '\1'));
  onnx::NodeProto& branches = testing::add_node(model, "If", {"condition"}, {"y"});
  for (const char* name : {"then_branch", "else_branch"}) {
    auto& branch = *branches.add_attribute();
    branch.set_name(name);
    branch.set_type(onnx::AttributeProto::GRAPH);
    onnx::ModelProto inner = testing::empty_model();
    testing::add_node(inner, "Relu", {"x"}, {"branch_y"});
    testing::add_output(inner, "branch_y", onnx::TensorProto::FLOAT, {"4"});
    *branch.mutable_g() = inner.graph();
  }
  return model;
}

// It is for engines that can do without.
TEST(Simplify, AnInlinedModelThatCannotBeWrittenIsLeftOut) {
  const TemporaryFolder folder;
  LoadConfig config;
  config.model_path = testing::write_model(model_with_constant_branch(), folder / "model.onnx");
  for (const bool is_there : {true, false}) {
    config.inlined_path = folder / (is_there ? "inlined.onnx" : "missing/inlined.onnx");
    const std::string simplified = folder / "simplified.onnx";
    EXPECT_GT(simplify(config, simplified, false), 0);
    EXPECT_TRUE(fs::exists(simplified));
    EXPECT_EQ(fs::exists(config.inlined_path), is_there);
    EXPECT_FALSE(fs::exists(config.inlined_path + ".part"));
    fs::remove(simplified);
  }
}

}  // namespace
}  // namespace dnnbench::ort
