#include "onnx/value_ranges.h"

#include <gtest/gtest.h>

#include "import/read_model.h"
#include "onnx/signature.h"
#include "onnx/test_model.h"

namespace dnnbench {
namespace {

using namespace testing;
using onnx::TensorProto;

std::map<std::string, ValueRange> ranges_of(const onnx::ModelProto& model) {
  const TemporaryFolder folder;
  const import::ModelFile file = import::read_model_file(write_model(model, folder / "model.onnx"));
  return find_value_ranges(file.graph, graph_inputs(file.graph));
}

// The range found for the input "x"; "none" or "[low,high]".
std::string range_of_x(const onnx::ModelProto& model) {
  const auto ranges = ranges_of(model);
  const auto found = ranges.find("x");
  if (found == ranges.end()) return "none";
  char text[64];
  std::snprintf(text, sizeof text, "[%g,%g]", found->second.low, found->second.high);
  return text;
}

onnx::ModelProto model_with_x(int type = TensorProto::INT64) {
  onnx::ModelProto model = empty_model();
  add_input(model, "x", type, {"1", "8"});
  add_initializer(model, float_tensor("table", {100, 16}));
  return model;
}

TEST(ValueRangesTest, AnIndexStaysInsideItsTable) {
  onnx::ModelProto model = model_with_x();
  add_node(model, "Gather", {"table", "x"}, {"y"});
  EXPECT_EQ(range_of_x(model), "[0,99]");
}

TEST(ValueRangesTest, TheAxisDecides) {
  onnx::ModelProto model = model_with_x();
  set_int(add_node(model, "Gather", {"table", "x"}, {"y"}), "axis", -1);
  EXPECT_EQ(range_of_x(model), "[0,15]");
}

TEST(ValueRangesTest, OperatorsThatPassValuesOnAreFollowed) {
  onnx::ModelProto model = model_with_x(TensorProto::INT32);
  add_initializer(model, int64_tensor("shape", {8, 1}));
  add_initializer(model, int64_tensor("two", {2}));
  set_int(add_node(model, "Cast", {"x"}, {"a"}), "to", TensorProto::INT64);
  add_node(model, "Reshape", {"a", "shape"}, {"b"});
  add_node(model, "Concat", {"b", "b"}, {"c"});
  add_node(model, "Add", {"two", "c"}, {"d"});
  add_node(model, "Gather", {"table", "d"}, {"y"});
  EXPECT_EQ(range_of_x(model), "[-2,97]");
}

TEST(ValueRangesTest, TheSmallestOfSeveralTablesDecides) {
  onnx::ModelProto model = model_with_x();
  add_initializer(model, float_tensor("small", {7, 2}));
  add_node(model, "Gather", {"table", "x"}, {"y"});
  add_node(model, "Gather", {"small", "x"}, {"z"});
  EXPECT_EQ(range_of_x(model), "[0,6]");
}

TEST(ValueRangesTest, AnIndexIntoATableOfUnknownSizeIsZero) {
  onnx::ModelProto model = model_with_x();
  add_node(model, "Gather", {"computed", "x"}, {"y"});
  EXPECT_EQ(range_of_x(model), "[0,0]");
}

TEST(ValueRangesTest, OneHotIsLimitedByItsDepth) {
  onnx::ModelProto model = model_with_x();
  auto& constant = add_node(model, "Constant", {}, {"depth"});
  *constant.add_attribute()->mutable_t() = int64_tensor("", {2});
  add_node(model, "OneHot", {"x", "depth", "values"}, {"y"});
  EXPECT_EQ(range_of_x(model), "[0,1]");
}

TEST(ValueRangesTest, MasksAreZeroOrOne) {
  onnx::ModelProto subtracted = model_with_x();
  add_initializer(subtracted, float_tensor("zero", {1}));
  add_initializer(subtracted, int64_tensor("one", {1}));
  set_int(add_node(subtracted, "Cast", {"x"}, {"a"}), "to", TensorProto::FLOAT);
  add_node(subtracted, "Sub", {"one", "a"}, {"y"});
  EXPECT_EQ(range_of_x(subtracted), "[0,1]");

  onnx::ModelProto cast = model_with_x();
  set_int(add_node(cast, "Cast", {"x"}, {"y"}), "to", TensorProto::BOOL);
  EXPECT_EQ(range_of_x(cast), "[0,1]");

  onnx::ModelProto named = empty_model();
  add_input(named, "attention_Mask", TensorProto::INT64, {"1"});
  EXPECT_EQ(ranges_of(named).count("attention_Mask"), 1u);
}

TEST(ValueRangesTest, TableSizesInSubgraphsCount) {
  onnx::ModelProto model = model_with_x();
  auto* branch = add_node(model, "If", {"c"}, {"z"}).add_attribute();
  branch->set_name("then_branch");
  auto* node = branch->mutable_g()->add_node();
  node->set_op_type("Gather");
  node->add_input("table");
  node->add_input("x");
  EXPECT_EQ(range_of_x(model), "[0,99]");
}

TEST(ValueRangesTest, LogarithmsGetPositiveArguments) {
  onnx::ModelProto model = model_with_x(TensorProto::FLOAT);
  add_node(model, "Log", {"x"}, {"y"});
  EXPECT_EQ(range_of_x(model), "[0.1,1]");
}

TEST(ValueRangesTest, ACycleEnds) {
  onnx::ModelProto model = model_with_x();
  add_node(model, "Identity", {"x"}, {"a"});
  add_node(model, "Identity", {"a"}, {"x"});
  EXPECT_EQ(range_of_x(model), "none");
}

}  // namespace
}  // namespace dnnbench
