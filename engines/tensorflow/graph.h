// A TensorFlow graph under construction, an operation at a time, through the C interface. Every
// operation's shapes are inferred and its kernel is asked for when it is added, so that what can't
// run is known before anything does.
//
// All functions throw Unsupported when the library refuses the operation or has no kernel for its
// types; the caller adds which node of the model that was.
#pragma once

#include <tensorflow/c/c_api.h>

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/tensor.h"
#include "permutation.h"
#include "tensors.h"

namespace dnnbench::tf {

using Out = TF_Output;  // one output of an operation: a tensor of the graph
using Outs = std::vector<Out>;

// An argument of an operation: one tensor, or a list of them.
struct Argument {
  Argument(Out one) : list{one} {}  // NOLINT(google-explicit-constructor)
  Argument(Outs many)
      : list(std::move(many)), is_list(true) {}  // NOLINT(google-explicit-constructor)

  Outs list;
  bool is_list = false;
};

struct FunctionName {
  std::string name;
};

// One shape a tensor; nullopt: not even the rank is known.
using Shapes = std::vector<std::optional<Shape>>;

using AttributeValue = std::variant<bool, int64_t, float, std::string, TF_DataType, FunctionName,
                                    std::vector<int64_t>, std::vector<TF_DataType>, Shapes>;

struct OperationAttribute {
  const char* name;
  AttributeValue value;
};

class Function;

class Graph {
 public:
  Graph();

  TF_Graph* get() const { return graph_.get(); }

  // What the names of the operations added from now on begin with; "" for nothing.
  void set_prefix(const std::string& prefix);

  // --- operations ---------------------------------------------------------------------------

  Outs call_all(const std::string& type, const std::vector<Argument>& arguments,
                const std::vector<OperationAttribute>& attributes = {});
  // The first output.
  Out call(const std::string& type, const std::vector<Argument>& arguments,
           const std::vector<OperationAttribute>& attributes = {}) {
    return call_all(type, arguments, attributes)[0];
  }
  // The same, but where there is no kernel for the type of attribute T, in a wider type in which
  // the operation is exact, and back.
  Out compute(const std::string& type, const Outs& arguments,
              const std::vector<OperationAttribute>& attributes = {});

  // `name` is kept as far as TensorFlow allows its characters.
  Out placeholder(const std::string& name, TF_DataType type, const std::optional<Shape>& shape);

  // --- constants ----------------------------------------------------------------------------

  Out constant(const Tensor& tensor);
  // `fill` writes the elements into memory that is only good while it runs.
  Out constant(TF_DataType type, const Shape& shape, const std::function<void(std::byte*)>& fill);
  Out scalar(TF_DataType type, double value);  // rounded to the type
  Out scalar_like(Out tensor, double value) { return scalar(type(tensor), value); }
  Out ints(const std::vector<int64_t>& values);   // int32[n]
  Out longs(const std::vector<int64_t>& values);  // int64[n]
  Out int_scalar(int64_t value) { return scalar(TF_INT32, static_cast<double>(value)); }
  Out long_scalar(int64_t value);
  Out floats(TF_DataType type, const Shape& shape, const std::vector<double>& values);
  Out text(const std::string& value);

  // --- what is known ------------------------------------------------------------------------

  static TF_DataType type(Out tensor) { return TF_OperationOutputType(tensor); }
  // nullopt: not even the rank.
  std::optional<Shape> find_shape(Out tensor) const;
  // Throws Unsupported where the rank is unknown.
  Shape shape(Out tensor) const;
  size_t rank(Out tensor) const { return shape(tensor).size(); }
  // Adds what is known of a tensor's shape; what contradicts is ignored.
  void refine_shape(Out tensor, const Shape& shape);

  // --- short forms of common operations -----------------------------------------------------

  Out add(Out a, Out b) { return compute("AddV2", {a, b}); }
  Out sub(Out a, Out b) { return compute("Sub", {a, b}); }
  Out mul(Out a, Out b) { return compute("Mul", {a, b}); }
  Out div(Out a, Out b) { return compute("RealDiv", {a, b}); }  // floating point
  Out maximum(Out a, Out b) { return compute("Maximum", {a, b}); }
  Out minimum(Out a, Out b) { return compute("Minimum", {a, b}); }
  Out less(Out a, Out b) { return compute("Less", {a, b}); }
  Out equal(Out a, Out b) { return compute("Equal", {a, b}); }
  Out select(Out condition, Out a, Out b) { return call("SelectV2", {condition, a, b}); }
  Out cast(Out tensor, TF_DataType type);
  Out identity(Out tensor) { return call("Identity", {tensor}); }
  Out reshape(Out tensor, Out shape) { return call("Reshape", {tensor, shape}); }
  Out reshape(Out tensor, const Shape& shape) { return reshape(tensor, longs(shape)); }
  Out transpose(Out tensor, const std::vector<int>& axes);
  Out concat(const Outs& tensors, int64_t axis);
  Out gather(Out tensor, Out indices, int64_t axis, int64_t batch_dimensions = 0);
  Out reduce(const std::string& type, Out tensor, const std::vector<int64_t>& axes, bool keep);
  Out expand_dims(Out tensor, int64_t axis);
  Out squeeze(Out tensor, const std::vector<int64_t>& axes);
  Out slice(Out tensor, int64_t axis, int64_t begin, int64_t end);  // of known, proper bounds
  Out range(Out begin, Out end, Out step) { return call("Range", {begin, end, step}); }

  // int64[rank]; a constant where all sizes are known.
  Out shape_tensor(Out tensor);
  // int64[]; a constant where it is known.
  Out size_of(Out tensor, int64_t axis);

  // --- weights that don't lie in the graph --------------------------------------------------

  struct Fed {
    Out out;
    OwnedTensor tensor;
  };
  // A tensor that the session is given with every run: the library copies what lies in the graph
  // several times, and takes nothing of 2 GB there. A function can't have one.
  Out feed(OwnedTensor tensor);
  const std::vector<Fed>& fed() const { return fed_; }

  // --- functions ----------------------------------------------------------------------------

  // Makes a function callable in this graph. Adding it twice does nothing.
  void add_function(const std::shared_ptr<Function>& function);
  const std::vector<std::shared_ptr<Function>>& functions() const { return functions_; }

  int64_t operation_count() const { return operation_count_; }

 private:
  std::string unique_name(const std::string& name);

  std::unique_ptr<TF_Graph, decltype(&TF_DeleteGraph)> graph_;
  std::string prefix_;
  std::map<std::string, int64_t> names_;
  std::vector<std::shared_ptr<Function>> functions_;
  std::vector<Fed> fed_;
  int64_t operation_count_ = 0;
};

// A graph made into a function that others may call.
class Function {
 public:
  // `inputs` are placeholders of `body`.
  Function(const Graph& body, const std::string& name, const Outs& inputs, const Outs& outputs);

  const std::string& name() const { return name_; }
  TF_Function* get() const { return function_.get(); }
  const std::vector<std::shared_ptr<Function>>& nested() const { return nested_; }
  const std::vector<TF_DataType>& output_types() const { return output_types_; }

 private:
  std::string name_;
  std::unique_ptr<TF_Function, decltype(&TF_DeleteFunction)> function_{nullptr, TF_DeleteFunction};
  std::vector<std::shared_ptr<Function>> nested_;
  std::vector<TF_DataType> output_types_;
};

// While `condition` holds of the variables, `body` makes new ones of them. Both are given a graph
// of their own and placeholders of the variables in it; constants they add themselves, everything
// else must be a variable. A variable whose shape changes must say so: its entry of `shapes`, if
// there are any, is what the body may rely on.
using LoopCondition = std::function<Out(Graph&, const Outs&)>;
using LoopBody = std::function<Outs(Graph&, const Outs&)>;
Outs while_loop(Graph& graph, const Outs& variables, const LoopCondition& condition,
                const LoopBody& body, const Shapes& shapes);

// Frees the memory in which constants were put together.
void release_scratch();

// Names of functions must differ in a whole session.
std::string unique_function_name(const std::string& kind);

}  // namespace dnnbench::tf
