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
  return find_value_ranges(file, graph_inputs(file.graph));
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

TEST(ValueRangesTest, AMaskOfAttentionMasksNothing) {
  const auto range_of = [](const std::string& name, int type = TensorProto::INT64,
                           std::vector<std::string> shape = {"batch", "length"}) {
    onnx::ModelProto model = empty_model();
    add_input(model, name, type, shape);
    const ValueRange range = ranges_of(model).at(name);
    return std::pair(range.low, range.high);
  };
  const std::pair<double, double> zeros(0, 0), ones(1, 1), both(0, 1);
  EXPECT_EQ(range_of("attention_mask"), ones);
  EXPECT_EQ(range_of("decoder_Attention_Mask", TensorProto::BOOL), ones);
  EXPECT_EQ(range_of("tgt_key_padding_mask", TensorProto::BOOL), zeros);
  EXPECT_EQ(range_of("global_attention_mask"), zeros);
  // What they mean can't be seen from these.
  EXPECT_EQ(range_of("input_mask:0"), both);
  EXPECT_EQ(range_of("attn_mask", TensorProto::BOOL), both);
  EXPECT_EQ(range_of("attention_mask", TensorProto::FLOAT), both);
  EXPECT_EQ(range_of("attention_mask", TensorProto::INT64, {"length"}), both);
}

TEST(ValueRangesTest, AMaskThatIsAnIndexStaysInsideItsTable) {
  onnx::ModelProto model = empty_model();
  add_input(model, "attention_mask", TensorProto::INT64, {"1", "8"});
  add_node(model, "Gather", {"computed", "attention_mask"}, {"y"});
  EXPECT_EQ(ranges_of(model).at("attention_mask").high, 0);
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

void add_names(const std::vector<std::string>& names,
               google::protobuf::RepeatedPtrField<std::string>& to) {
  for (const std::string& name : names) *to.Add() = name;
}

// A function of the model's own of one node: (weight, ids) -> rows.
void add_function(onnx::ModelProto& model, const std::string& name, const std::string& op,
                  const std::string& op_domain = "") {
  auto* function = model.add_functions();
  function->set_name(name);
  function->set_domain("my.domain");
  add_names({"weight", "ids"}, *function->mutable_input());
  add_names({"rows"}, *function->mutable_output());
  auto* node = function->add_node();
  node->set_op_type(op);
  node->set_domain(op_domain);
  add_names({"weight", "ids"}, *node->mutable_input());
  add_names({"rows"}, *node->mutable_output());
}

TEST(ValueRangesTest, TheModelsOwnFunctionsAreFollowed) {
  onnx::ModelProto model = model_with_x();
  add_initializer(model, float_tensor("small", {7, 2}));
  add_function(model, "Embedding", "Gather");
  add_function(model, "Module", "Embedding", "my.domain");
  // Each use has values of its own.
  add_node(model, "Embedding", {"table", "other"}, {"y"}).set_domain("my.domain");
  EXPECT_EQ(range_of_x(model), "none");
  add_node(model, "Module", {"table", "x"}, {"z"}).set_domain("my.domain");
  EXPECT_EQ(range_of_x(model), "[0,99]");
  add_node(model, "Embedding", {"small", "x"}, {"s"}).set_domain("my.domain");
  EXPECT_EQ(range_of_x(model), "[0,6]");
}

TEST(ValueRangesTest, ValuesLeaveAFunctionAgain) {
  onnx::ModelProto model = model_with_x();
  add_function(model, "Extended", "Concat");
  add_node(model, "Extended", {"more", "x"}, {"ids"}).set_domain("my.domain");
  add_node(model, "Gather", {"table", "ids"}, {"y"});
  EXPECT_EQ(range_of_x(model), "[0,99]");
}

TEST(ValueRangesTest, AFunctionThatUsesItselfEnds) {
  onnx::ModelProto model = model_with_x();
  add_function(model, "Endless", "Endless", "my.domain");
  add_node(model, "Endless", {"table", "x"}, {"y"}).set_domain("my.domain");
  EXPECT_EQ(range_of_x(model), "none");
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
