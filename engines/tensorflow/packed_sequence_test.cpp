#include "packed_sequence.h"

#include <gtest/gtest.h>

#include "session.h"

namespace dnnbench::tf {
namespace {

Tensor floats(std::vector<int64_t> shape, float first) {
  Tensor tensor = make_tensor(DataType::kFloat32, std::move(shape));
  for (float& element : tensor.as<float>()) element = first++;
  return tensor;
}

// Through a session: in packed, a list there, out packed.
std::vector<Tensor> there_and_back(const Value& sequence) {
  Graph g;
  const Outs inputs{g.placeholder("elements", TF_FLOAT, Shape{-1}),
                    g.placeholder("sizes", TF_INT64, Shape{-1}),
                    g.placeholder("places", TF_INT64, Shape{-1, 4})};
  const Outs outputs = packed(g, unpacked(g, inputs[0], inputs[1], inputs[2]));
  Session session(g, inputs, outputs, 1);
  std::vector<Value> given;
  for (Tensor& tensor : pack(sequence, DataType::kFloat32)) {
    given.push_back(make_value("", std::move(tensor)));
  }
  session.set_inputs(given);
  session.run();
  return unpack(session.outputs());
}

TEST(PackedSequence, TensorsOfDifferentShapesComeBack) {
  const Value sequence{"s",
                       Value::Kind::kSequence,
                       {floats({2, 3}, 1), floats({}, 7), floats({0, 2}, 0), floats({4}, -1)}};
  const std::vector<Tensor> back = there_and_back(sequence);
  ASSERT_EQ(back.size(), 4U);
  for (size_t i = 0; i < back.size(); ++i) {
    EXPECT_EQ(back[i].shape, sequence.tensors[i].shape);
    EXPECT_EQ(back[i].bytes, sequence.tensors[i].bytes);
  }
}

TEST(PackedSequence, NoneComesBackEmpty) {
  EXPECT_TRUE(there_and_back({"s", Value::Kind::kSequence, {}}).empty());
}

}  // namespace
}  // namespace dnnbench::tf
