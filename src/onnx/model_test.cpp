#include "onnx/model.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "onnx/test_model.h"

namespace dnnbench {
namespace {

using namespace testing;
using onnx::TensorProto;

std::string error_of(const std::string& path) {
  try {
    read_model(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string error_of(const onnx::ModelProto& model) {
  const TemporaryFolder folder;
  return error_of(write_model(model, folder / "model.onnx"));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Model read(const onnx::ModelProto& proto) {
  const TemporaryFolder folder;
  return read_model(write_model(proto, folder / "model.onnx"));
}

TEST(ModelTest, ReadsTheSignature) {
  const Model model = read(picture_model());
  ASSERT_EQ(model.inputs.size(), 1u);
  EXPECT_EQ(model.inputs[0].name, "images");
  EXPECT_EQ(describe(model.inputs[0]), "float32[batch,3,height,4]");
  ASSERT_EQ(model.outputs.size(), 1u);
  EXPECT_EQ(model.ir_version, 8);
  EXPECT_EQ(model.opsets.at(""), 17);
  EXPECT_EQ(model.producer, "test");
}

TEST(ModelTest, AnInputThatAnInitializerFillsIsNone) {
  onnx::ModelProto proto = picture_model();
  add_input(proto, "w", TensorProto::FLOAT, {"4"});
  EXPECT_EQ(read(proto).inputs.size(), 1u);
}

TEST(ModelTest, KeepsSequencesAndOptionalsApart) {
  onnx::ModelProto proto = picture_model();
  auto* sequence = proto.mutable_graph()->add_input();
  sequence->set_name("s");
  set_tensor_type(*sequence->mutable_type()->mutable_sequence_type()->mutable_elem_type(),
                  TensorProto::INT64, {""});
  auto* optional = proto.mutable_graph()->add_input();
  optional->set_name("o");
  set_tensor_type(*optional->mutable_type()->mutable_optional_type()->mutable_elem_type(),
                  TensorProto::FLOAT, {"2"});
  const Model model = read(proto);
  EXPECT_EQ(model.inputs[1].kind, ModelValue::Kind::kSequence);
  EXPECT_EQ(describe(model.inputs[1]), "sequence of int64[?]");
  EXPECT_EQ(model.inputs[2].kind, ModelValue::Kind::kOptional);
}

TEST(ModelTest, DescribesMapsByKeyAndValue) {
  onnx::ModelProto proto = picture_model();
  onnx::TypeProto map;
  map.mutable_map_type()->set_key_type(TensorProto::INT64);
  set_tensor_type(*map.mutable_map_type()->mutable_value_type(), TensorProto::FLOAT, {});
  auto* one = proto.mutable_graph()->add_output();
  one->set_name("one");
  *one->mutable_type() = map;
  auto* several = proto.mutable_graph()->add_output();
  several->set_name("several");
  *several->mutable_type()->mutable_sequence_type()->mutable_elem_type() = map;
  const Model model = read(proto);
  EXPECT_EQ(describe(model.outputs[1]), "map(int64, float32)");
  EXPECT_EQ(describe(model.outputs[2]), "sequence of map(int64, float32)");
}

TEST(ModelTest, CountsOperatorsOfSubgraphsAndFunctions) {
  onnx::ModelProto proto = picture_model();
  auto* branch = add_node(proto, "If", {"c"}, {"z"}).add_attribute();
  branch->set_name("then_branch");
  branch->mutable_g()->add_node()->set_op_type("Relu");
  auto* function = proto.add_functions();
  function->set_name("Twice");
  function->set_domain("my.domain");
  function->add_node()->set_op_type("Add");
  add_node(proto, "Twice", {"y"}, {"yy"}).set_domain("my.domain");
  const Model model = read(proto);
  EXPECT_EQ(model.node_count, 6);
  EXPECT_EQ(model.operators[0].type, "Relu");
  EXPECT_EQ(model.operators[0].count, 2);
}

TEST(ModelTest, MeasuresWeights) {
  onnx::ModelProto proto = picture_model();
  add_initializer(proto, int64_tensor("axes", {1, 2}));
  const Model model = read(proto);
  EXPECT_EQ(model.weight_elements, 6);
  EXPECT_EQ(model.weight_bytes, 4 * 4 + 2 * 8);
}

TEST(ModelTest, NamesRandomOperators) {
  onnx::ModelProto proto = picture_model();
  add_node(proto, "RandomNormal", {}, {"noise"});
  add_node(proto, "Dropout", {"y"}, {"inference"});
  TensorProto off;
  off.set_name("off");
  off.set_data_type(TensorProto::BOOL);
  off.add_int32_data(0);
  add_initializer(proto, off);
  add_node(proto, "Dropout", {"y", "", "off"}, {"inference_too"});
  add_node(proto, "Dropout", {"y", "", "flag"}, {"training"});
  EXPECT_EQ(read(proto).random_operators,
            (std::vector<std::string>{"RandomNormal (node noise)", "Dropout (node training)"}));
}

TEST(ModelTest, AFileThatCannotBeReadIsOneSentence) {
  const TemporaryFolder folder;
  EXPECT_TRUE(contains(error_of(folder / "none.onnx"), "No such file"));
  EXPECT_TRUE(contains(error_of(folder.path()), "is a folder"));
  write_file(folder / "empty.onnx", "");
  EXPECT_TRUE(contains(error_of(folder / "empty.onnx"), "is empty"));
  EXPECT_TRUE(contains(error_of(std::string("/dev/null")), "not a regular file"));
  if (geteuid() != 0) {
    const std::string path = write_model(picture_model(), folder / "secret.onnx");
    std::filesystem::permissions(path, std::filesystem::perms::none);
    EXPECT_TRUE(contains(error_of(path), "Permission denied"));
  }
}

TEST(ModelTest, WhatIsNotOnnxSaysSo) {
  const TemporaryFolder folder;
  const std::string others[] = {
      "hello, world\n", "{\"a\": 1}",           std::string("PK\x03\x04zip", 7),
      "<html></html>",  std::string(100, '\0'), std::string(100, '\xff')};
  for (const std::string& bytes : others) {
    write_file(folder / "other.onnx", bytes);
    EXPECT_TRUE(contains(error_of(folder / "other.onnx"), "is not an ONNX model")) << bytes;
  }
}

TEST(ModelTest, ATruncatedFileSaysSo) {
  const TemporaryFolder folder;
  const std::string bytes = picture_model().SerializeAsString();
  write_file(folder / "cut.onnx", bytes.substr(0, bytes.size() / 2));
  EXPECT_TRUE(contains(error_of(folder / "cut.onnx"), "cut short"));
}

TEST(ModelTest, VersionsOfTheFutureAreNamed) {
  EXPECT_TRUE(contains(error_of(empty_model(kNewestOpset + 1)), "opset 27"));
  onnx::ModelProto newer = picture_model();
  newer.set_ir_version(kNewestIrVersion + 1);
  EXPECT_TRUE(contains(error_of(newer), "version 14"));
  onnx::ModelProto nameless = picture_model();
  nameless.clear_opset_import();
  EXPECT_TRUE(contains(error_of(nameless), "names no opset"));
}

TEST(ModelTest, ACustomOperatorIsNamed) {
  onnx::ModelProto proto = picture_model();
  add_node(proto, "Magic", {"y"}, {"z"}).set_domain("com.example");
  const std::string error = error_of(proto);
  EXPECT_TRUE(contains(error, "com.example.Magic (node z)")) << error;
  proto.mutable_graph()->mutable_node(2)->set_domain("com.microsoft");
  EXPECT_EQ(error_of(proto), "");
}

onnx::ModelProto external_model(const std::string& location, const std::string& offset,
                                const std::string& length) {
  onnx::ModelProto proto = picture_model();
  TensorProto& weights = *proto.mutable_graph()->mutable_initializer(0);
  weights.clear_float_data();
  weights.set_data_location(TensorProto::EXTERNAL);
  const auto set = [&](const std::string& key, const std::string& value) {
    if (value.empty()) return;
    auto* entry = weights.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  set("location", location);
  set("offset", offset);
  set("length", length);
  return proto;
}

TEST(ModelTest, ExternalWeightsMustBeThereInFull) {
  const TemporaryFolder folder;
  write_file(folder / "weights.bin", std::string(24, 'x'));
  const auto error = [&](const std::string& location, const std::string& offset,
                         const std::string& length) {
    return error_of(write_model(external_model(location, offset, length), folder / "model.onnx"));
  };
  EXPECT_EQ(error("weights.bin", "", ""), "");
  EXPECT_EQ(error("./weights.bin", "8", "16"), "");
  EXPECT_TRUE(contains(error("weights.bin", "12", ""), "too short"));
  EXPECT_TRUE(contains(error("weights.bin", "0", "20"), "need 16 bytes"));
  EXPECT_TRUE(contains(error("weights.bin", "-8", ""), "not a number"));
  EXPECT_TRUE(contains(error("weights.bin", "99999999999999999999", ""), "not a number"));
  EXPECT_TRUE(contains(error("none.bin", "", ""), "none.bin is missing"));
  EXPECT_TRUE(contains(error("../weights.bin", "", ""), "outside the model's folder"));
  EXPECT_TRUE(contains(error("a/../../weights.bin", "", ""), "outside the model's folder"));
  EXPECT_TRUE(contains(error("/etc/passwd", "", ""), "outside the model's folder"));
  EXPECT_TRUE(contains(error("", "", ""), "which file"));
  EXPECT_EQ(read_model(write_model(external_model("weights.bin", "8", "16"), folder / "model.onnx"))
                .external_files,
            std::vector<std::string>{"weights.bin"});
}

TEST(ModelTest, APlaceOfExternalWeightsIsNamedOnceAndCanBeAFilesName) {
  const TemporaryFolder folder;
  write_file(folder / "weights.bin", std::string(24, 'x'));
  onnx::ModelProto twice = external_model("weights.bin", "", "");
  auto* second = twice.mutable_graph()->mutable_initializer(0)->add_external_data();
  second->set_key("location");
  second->set_value("../../../etc/passwd");
  EXPECT_TRUE(contains(error_of(write_model(twice, folder / "model.onnx")),
                       "'w' have more than one 'location'"));
  const std::string overlong(5000, 'a');
  EXPECT_TRUE(contains(
      error_of(write_model(external_model(overlong, "", ""), folder / "model.onnx")), "missing"));
  const std::string with_zero("weights.bin\0.txt", 16);
  EXPECT_TRUE(
      contains(error_of(write_model(external_model(with_zero, "", ""), folder / "model.onnx")),
               "are in weights.bin"));
}

TEST(ModelTest, ElementsAreTakenFromTheFieldOfTheirType) {
  onnx::ModelProto proto = picture_model();
  TensorProto& weights = *proto.mutable_graph()->mutable_initializer(0);
  weights.clear_float_data();
  for (int i = 0; i < 4; ++i) weights.add_int32_data(i);
  EXPECT_TRUE(contains(error_of(proto), "'w' is broken: float32[4] needs 4 entries, but 0"));
}

TEST(ModelTest, AShapeThatCantBeCountedIsAnError) {
  onnx::ModelProto proto = picture_model();
  TensorProto& weights = *proto.mutable_graph()->mutable_initializer(0);
  weights.set_dims(0, int64_t{1} << 62);
  weights.add_dims(8);
  EXPECT_TRUE(contains(error_of(proto), "'w' is broken: shape"));
  onnx::ModelProto sparse = picture_model();
  auto& tensor = *sparse.mutable_graph()->add_sparse_initializer();
  *tensor.mutable_values() = float_tensor("s", {1});
  *tensor.mutable_indices() = int64_tensor("", {7});
  tensor.add_dims(int64_t{1} << 40);
  tensor.add_dims(int64_t{1} << 40);
  EXPECT_TRUE(contains(error_of(sparse), "'s' is broken: shape"));
}

TEST(ModelTest, SparseWeightsCountAsStored) {
  onnx::ModelProto proto = picture_model();
  auto& tensor = *proto.mutable_graph()->add_sparse_initializer();
  *tensor.mutable_values() = float_tensor("s", {2});
  *tensor.mutable_indices() = int64_tensor("", {7, 200'000'000});
  tensor.add_dims(int64_t{1} << 28);
  EXPECT_EQ(read(proto).weight_elements, 4 + 2 + 2);
  tensor.set_dims(0, 1000);
  EXPECT_TRUE(contains(error_of(proto), "'s' has an index beyond its shape"));
}

TEST(ModelTest, GraphsTooDeepInEachOtherAreRefused) {
  onnx::ModelProto proto = picture_model();
  onnx::GraphProto* graph = proto.mutable_graph();
  for (int depth = 0; depth < 1000; ++depth) {
    auto* branch = graph->add_node()->add_attribute();
    branch->set_name("then_branch");
    graph = branch->mutable_g();
  }
  EXPECT_TRUE(contains(error_of(proto), "nested more than"));
}

TEST(ModelTest, AnOperatorWithTooManyInputsIsRead) {
  onnx::ModelProto proto = picture_model();
  add_node(proto, "Add", {"w", "w", "images"}, {"z"});
  EXPECT_EQ(read(proto).node_count, 3);
}

TEST(ModelTest, BrokenWeightsAreNamed) {
  onnx::ModelProto proto = picture_model();
  TensorProto& weights = *proto.mutable_graph()->mutable_initializer(0);
  weights.set_dims(0, 5);
  EXPECT_TRUE(contains(error_of(proto), "'w' is broken: float32[5] needs 5 entries, but 4"));
  weights.set_dims(0, -4);
  EXPECT_TRUE(contains(error_of(proto), "negative"));
  weights.set_data_type(999);
  EXPECT_TRUE(contains(error_of(proto), "999"));
}

std::string corrupted(std::string bytes, std::mt19937& random) {
  if (random() % 2 == 0) return bytes.substr(0, random() % bytes.size());
  for (int changes = 1 + static_cast<int>(random() % 8); changes > 0; --changes) {
    bytes[random() % bytes.size()] = static_cast<char>(random());
  }
  return bytes;
}

// Every outcome is a model or one sentence.
TEST(ModelTest, CorruptedFilesNeverCrash) {
  onnx::ModelProto proto = picture_model();
  add_input(proto, "ids", TensorProto::INT64, {"batch", "sequence"});
  add_initializer(proto, float_tensor("table", {10, 2}));
  add_node(proto, "Cast", {"ids"}, {"cast"});
  add_node(proto, "Gather", {"table", "cast"}, {"embedded"});
  add_initializer(proto, int64_tensor("k", {3}));
  const std::string bytes = proto.SerializeAsString();
  const TemporaryFolder folder;
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    write_file(folder / "model.onnx", corrupted(bytes, random));
    const std::string error = error_of(folder / "model.onnx");
    EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 0) << error;
  }
}

}  // namespace
}  // namespace dnnbench
