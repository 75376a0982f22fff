#include "import/model_hash.h"

#include <gtest/gtest.h>

#include "core/sha256.h"
#include "onnx/test_model.h"

namespace dnnbench::import {
namespace {

// A model that is trained further and exported again differs there alone.
TEST(ModelHash, IsOfTheWeightsInOtherFilesToo) {
  const testing::TemporaryFolder folder;
  onnx::ModelProto model = testing::doubling_model();
  const std::string path = testing::write_model(model, folder / "model.onnx");
  EXPECT_EQ(hash_with_weights(path), sha256_of_file(path));
  auto& weights = *model.mutable_graph()->add_initializer();
  weights.set_name("weights");
  weights.set_data_type(onnx::TensorProto::FLOAT);
  weights.add_dims(1);
  weights.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& location = *weights.add_external_data();
  location.set_key("location");
  location.set_value("weights.bin");
  testing::write_file(folder / "weights.bin", "1234");
  testing::write_model(model, path);
  const std::string before = hash_with_weights(path);
  EXPECT_EQ(before, sha256_of_file(path) + ' ' + sha256_of_file(folder / "weights.bin"));
  testing::write_file(folder / "weights.bin", "5678");
  EXPECT_NE(hash_with_weights(path), before);
}

}  // namespace
}  // namespace dnnbench::import
