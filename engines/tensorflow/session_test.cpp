#include "session.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "import/wire.h"
#include "kernels.h"

namespace dnnbench::tf {
namespace {

std::vector<double> run(Graph& graph, const Outs& inputs, Out output,
                        const std::vector<Value>& values) {
  Session session(graph, inputs, {output}, 1);
  session.prepare();
  session.set_inputs(values);
  session.run();
  return to_doubles(session.outputs().at(0));
}

Value vector_of(const std::vector<double>& numbers, DataType type = DataType::kFloat32) {
  Tensor tensor = make_tensor(type, {static_cast<int64_t>(numbers.size())});
  from_doubles(numbers, tensor);
  return make_value("x", std::move(tensor));
}

TEST(ConfigProto, HoldsTheThreads) {
  const std::string config = config_proto(3);
  import::WireReader field(std::as_bytes(std::span(config)));
  ASSERT_TRUE(field.next());
  EXPECT_EQ(field.field(), 2);  // intra_op_parallelism_threads
  EXPECT_EQ(field.integer(), 3);
  ASSERT_TRUE(field.next());
  EXPECT_EQ(field.field(), 5);  // inter_op_parallelism_threads
  EXPECT_EQ(field.integer(), -1);
}

TEST(Session, ComputesAndKeepsItsInputs) {
  Graph graph;
  const Out x = graph.placeholder("x", TF_FLOAT, Shape{2});
  const Out y = graph.add(x, graph.scalar(TF_FLOAT, 1));
  EXPECT_EQ(run(graph, {x}, y, {vector_of({1, 2})}), (std::vector<double>{2, 3}));
}

TEST(Session, IsGivenTheWeightsThatDoNotLieInTheGraph) {
  Graph graph;
  const Out x = graph.placeholder("x", TF_FLOAT, Shape{2});
  const Out y = graph.mul(x, graph.feed(to_tensorflow(vector_of({10, 100}).tensor())));
  EXPECT_EQ(run(graph, {x}, y, {vector_of({1, 2})}), (std::vector<double>{10, 200}));
}

TEST(Function, TakesNoWeightThatDoesNotLieInTheGraph) {
  Graph body;
  const Out weight = body.feed(to_tensorflow(vector_of({1}).tensor()));
  EXPECT_THROW(Function(body, "body", {}, {weight}), Unsupported);
}

TEST(Session, SaysThatItHasOneDevice) {
  Graph graph;
  const Out x = graph.placeholder("x", TF_FLOAT, Shape{2});
  EXPECT_EQ(Session(graph, {x}, {x}, 1).devices(), std::vector<std::string>{"CPU"});
}

TEST(Session, HasNoOutputsBeforeItRan) {
  Graph graph;
  const Out x = graph.placeholder("x", TF_FLOAT, Shape{2});
  Session session(graph, {x}, {graph.identity(x)}, 1);
  session.prepare();
  EXPECT_THROW(session.outputs(), Error);
}

TEST(Graph, ComputesInAWiderTypeWhereThereIsNoKernel) {
  ASSERT_FALSE(has_kernel("Pow", "T", TF_UINT8));
  Graph graph;
  const Out x = graph.placeholder("x", TF_UINT8, Shape{2});
  const Out y = graph.compute("Pow", {x, graph.scalar(TF_UINT8, 2)});
  EXPECT_EQ(Graph::type(y), TF_UINT8);
  EXPECT_EQ(run(graph, {x}, y, {vector_of({3, 15}, DataType::kUint8)}),
            (std::vector<double>{9, 225}));
}

TEST(Graph, RefusesWhatHasNoKernelBeforeItRuns) {
  Graph graph;
  const Out x = graph.placeholder("x", TF_COMPLEX64, Shape{2});
  EXPECT_THROW(graph.call("Erf", {x}), Unsupported);
  EXPECT_THROW(graph.call("NoSuchOperation", {x}), Unsupported);
}

TEST(Graph, LoopsOverVariablesWhoseShapesGrow) {
  Graph graph;
  const Out x = graph.placeholder("x", TF_FLOAT, Shape{1});
  const Outs results = while_loop(
      graph, {graph.long_scalar(0), x},
      [](Graph& g, const Outs& v) { return g.less(v[0], g.long_scalar(3)); },
      [](Graph& g, const Outs& v) {
        return Outs{g.add(v[0], g.long_scalar(1)), g.concat({v[1], v[1]}, 0)};
      },
      {Shape{}, Shape{-1}});
  EXPECT_EQ(run(graph, {x}, results[1], {vector_of({5})}), (std::vector<double>(8, 5)));
}

}  // namespace
}  // namespace dnnbench::tf
