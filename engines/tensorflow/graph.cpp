#include "graph.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstring>

#include "check.h"
#include "constant_message.h"
#include "core/error.h"
#include "kernels.h"
#include "tensors.h"

namespace dnnbench::tf {
namespace {

// TensorFlow's names: [A-Za-z0-9.][A-Za-z0-9_.\\-/>]*.
std::string legal_name(const std::string& name) {
  std::string legal;
  for (const char c : name) {
    const bool keep = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ||
                      c == '/' || c == '-';
    legal += keep ? c : '_';
  }
  const size_t start = legal.find_first_not_of("_/-");
  return start == std::string::npos ? "" : legal.substr(start);
}

void set_attribute(TF_OperationDescription* description, const char* name,
                   const AttributeValue& value) {
  struct Setter {
    TF_OperationDescription* description;
    const char* name;
    void operator()(bool v) const { TF_SetAttrBool(description, name, v ? 1 : 0); }
    void operator()(int64_t v) const { TF_SetAttrInt(description, name, v); }
    void operator()(float v) const { TF_SetAttrFloat(description, name, v); }
    void operator()(const std::string& v) const {
      TF_SetAttrString(description, name, v.data(), v.size());
    }
    void operator()(TF_DataType v) const { TF_SetAttrType(description, name, v); }
    void operator()(const FunctionName& v) const {
      TF_SetAttrFuncName(description, name, v.name.data(), v.name.size());
    }
    void operator()(const std::vector<int64_t>& v) const {
      TF_SetAttrIntList(description, name, v.data(), static_cast<int>(v.size()));
    }
    void operator()(const Shapes& v) const {
      std::vector<const int64_t*> sizes;
      std::vector<int> ranks;
      for (const auto& shape : v) {
        sizes.push_back(shape ? shape->data() : nullptr);
        ranks.push_back(shape ? static_cast<int>(shape->size()) : -1);
      }
      TF_SetAttrShapeList(description, name, sizes.data(), ranks.data(),
                          static_cast<int>(v.size()));
    }
    void operator()(const std::vector<TF_DataType>& v) const {
      TF_SetAttrTypeList(description, name, v.data(), static_cast<int>(v.size()));
    }
  };
  std::visit(Setter{description, name}, value);
}

// The next type in which sums, products and comparisons of these are exact, or in which a single
// operation rounds to the same result. nullopt: there is none.
std::optional<TF_DataType> wider(TF_DataType type) {
  switch (type) {
    case TF_INT8:
    case TF_UINT8:
    case TF_INT16:
    case TF_UINT16:
    case TF_BOOL:
      return TF_INT32;
    case TF_UINT32:
      return TF_INT64;
    case TF_HALF:
    case TF_BFLOAT16:
      return TF_FLOAT;
    default:
      return std::nullopt;
  }
}

// `set_value` sets the attribute `value`.
template <typename SetValue>
Out add_constant(TF_Graph* graph, const std::string& name, TF_DataType type, SetValue set_value) {
  Status status;
  TF_OperationDescription* description = TF_NewOperation(graph, "Const", name.c_str());
  set_value(description, status);
  TF_SetAttrType(description, "dtype", type);
  TF_Operation* operation = TF_FinishOperation(description, status);
  status.check("adding a constant");
  return {operation, 0};
}

ConstantMessage& message() {
  static ConstantMessage message;
  return message;
}

}  // namespace

void release_scratch() { message() = ConstantMessage(); }

Graph::Graph() : graph_(TF_NewGraph(), TF_DeleteGraph) {}

void Graph::set_prefix(const std::string& prefix) {
  prefix_ = legal_name(prefix);
  if (!prefix_.empty()) prefix_ += '/';
}

std::string Graph::unique_name(const std::string& name) {
  const std::string whole = prefix_ + name;
  const int64_t used = names_[whole]++;
  return used == 0 ? whole : whole + "_" + std::to_string(used);
}

Outs Graph::call_all(const std::string& type, const std::vector<Argument>& arguments,
                     const std::vector<OperationAttribute>& attributes) {
  TF_OperationDescription* description =
      TF_NewOperation(graph_.get(), type.c_str(), unique_name(type).c_str());
  for (const Argument& argument : arguments) {
    if (argument.is_list) {
      TF_AddInputList(description, argument.list.data(), static_cast<int>(argument.list.size()));
    } else {
      TF_AddInput(description, argument.list[0]);
    }
  }
  for (const auto& [name, value] : attributes) set_attribute(description, name, value);
  Status status;
  TF_Operation* operation = TF_FinishOperation(description, status);
  if (!status.ok()) throw Unsupported("TensorFlow's " + type + ": " + status.message());
  if (!has_kernel(operation)) {
    std::string types;
    for (const Argument& argument : arguments) {
      if (argument.list.empty()) continue;
      types += (types.empty() ? "" : ", ") +
               std::string(to_string(from_tensorflow(Graph::type(argument.list[0]))));
    }
    throw Unsupported("TensorFlow has no CPU kernel of " + type + " for " + types);
  }
  ++operation_count_;
  Outs outputs;
  for (int i = 0; i < TF_OperationNumOutputs(operation); ++i) outputs.push_back({operation, i});
  if (outputs.empty()) outputs.push_back({operation, 0});
  return outputs;
}

Out Graph::compute(const std::string& type, const Outs& arguments,
                   const std::vector<OperationAttribute>& attributes) {
  const TF_DataType given = Graph::type(arguments[0]);
  TF_DataType computed = given;
  while (!has_kernel(type, "T", computed)) {
    const auto next = wider(computed);
    if (!next) break;
    computed = *next;
  }
  std::vector<Argument> widened;
  for (const Out argument : arguments) {
    widened.emplace_back(Graph::type(argument) == given ? cast(argument, computed) : argument);
  }
  const Out result = call(type, widened, attributes);
  return Graph::type(result) == computed ? cast(result, given) : result;
}

Out Graph::placeholder(const std::string& name, TF_DataType type,
                       const std::optional<Shape>& shape) {
  const std::string legal = legal_name(name);
  TF_OperationDescription* description = TF_NewOperation(
      graph_.get(), "Placeholder", unique_name(legal.empty() ? "input" : legal).c_str());
  TF_SetAttrType(description, "dtype", type);
  if (shape) {
    TF_SetAttrShape(description, "shape", shape->data(), static_cast<int>(shape->size()));
  }
  Status status;
  TF_Operation* operation = TF_FinishOperation(description, status);
  status.check("adding the input \"" + name + "\"");
  return {operation, 0};
}

Out Graph::constant(const Tensor& tensor) {
  const OwnedTensor copy = to_tensorflow(tensor);
  return add_constant(graph_.get(), unique_name("Const"), TF_TensorType(copy.get()),
                      [&](TF_OperationDescription* description, Status& status) {
                        TF_SetAttrTensor(description, "value", copy.get(), status);
                      });
}

Out Graph::constant(TF_DataType type, const Shape& shape,
                    const std::function<void(std::byte*)>& fill) {
  fill(message().start(type, shape));
  const import::Bytes whole = message().whole();
  return add_constant(graph_.get(), unique_name("Const"), type,
                      [&](TF_OperationDescription* description, Status& status) {
                        TF_SetAttrValueProto(description, "value", whole.data(), whole.size(),
                                             status);
                      });
}

Out Graph::feed(OwnedTensor tensor) {
  Shape shape;
  for (int i = 0; i < TF_NumDims(tensor.get()); ++i) shape.push_back(TF_Dim(tensor.get(), i));
  const Out out = placeholder("weight", TF_TensorType(tensor.get()), shape);
  fed_.push_back({out, std::move(tensor)});
  return out;
}

Out Graph::floats(TF_DataType type, const Shape& shape, const std::vector<double>& values) {
  Tensor tensor = make_tensor(from_tensorflow(type), shape);
  from_doubles(values, tensor);
  return constant(tensor);
}

Out Graph::scalar(TF_DataType type, double value) { return floats(type, {}, {value}); }

Out Graph::long_scalar(int64_t value) {
  return constant(TF_INT64, {}, [&](std::byte* to) { std::memcpy(to, &value, sizeof value); });
}

Out Graph::ints(const std::vector<int64_t>& values) {
  const std::vector<int32_t> narrow(values.begin(), values.end());
  return constant(TF_INT32, {static_cast<int64_t>(values.size())}, [&](std::byte* to) {
    std::copy_n(reinterpret_cast<const std::byte*>(narrow.data()), narrow.size() * 4, to);
  });
}

Out Graph::longs(const std::vector<int64_t>& values) {
  return constant(TF_INT64, {static_cast<int64_t>(values.size())}, [&](std::byte* to) {
    std::copy_n(reinterpret_cast<const std::byte*>(values.data()), values.size() * 8, to);
  });
}

Out Graph::text(const std::string& value) {
  Tensor tensor = make_tensor(DataType::kString, {});
  tensor.strings[0] = value;
  return constant(tensor);
}

std::optional<Shape> Graph::find_shape(Out tensor) const {
  Status status;
  const int rank = TF_GraphGetTensorNumDims(graph_.get(), tensor, status);
  status.check("asking for a rank");
  if (rank < 0) return std::nullopt;
  Shape shape(static_cast<size_t>(rank));
  TF_GraphGetTensorShape(graph_.get(), tensor, shape.data(), rank, status);
  status.check("asking for a shape");
  return shape;
}

Shape Graph::shape(Out tensor) const {
  if (auto shape = find_shape(tensor)) return *shape;
  throw Unsupported("the rank of one of its tensors is not known before it runs");
}

void Graph::refine_shape(Out tensor, const Shape& shape) {
  Status status;
  TF_GraphSetTensorShape(graph_.get(), tensor, shape.data(), static_cast<int>(shape.size()),
                         status);
}

Out Graph::cast(Out tensor, TF_DataType type) {
  if (Graph::type(tensor) == type) return tensor;
  return call("Cast", {tensor}, {{"DstT", type}});
}

Out Graph::transpose(Out tensor, const std::vector<int>& axes) {
  return call("Transpose", {tensor, ints({axes.begin(), axes.end()})});
}

Out Graph::concat(const Outs& tensors, int64_t axis) {
  if (tensors.size() == 1) return tensors[0];
  return call("ConcatV2", {tensors, int_scalar(axis)});
}

Out Graph::gather(Out tensor, Out indices, int64_t axis, int64_t batch_dimensions) {
  return call("GatherV2", {tensor, indices, int_scalar(axis)}, {{"batch_dims", batch_dimensions}});
}

Out Graph::reduce(const std::string& type, Out tensor, const std::vector<int64_t>& axes,
                  bool keep) {
  return compute(type, {tensor, ints(axes)}, {{"keep_dims", keep}});
}

Out Graph::expand_dims(Out tensor, int64_t axis) {
  return call("ExpandDims", {tensor, int_scalar(axis)});
}

Out Graph::squeeze(Out tensor, const std::vector<int64_t>& axes) {
  if (axes.empty()) return tensor;
  return call("Squeeze", {tensor}, {{"squeeze_dims", axes}});
}

Out Graph::slice(Out tensor, int64_t axis, int64_t begin, int64_t end) {
  std::vector<int64_t> begins(rank(tensor), 0), sizes(rank(tensor), -1);
  begins[static_cast<size_t>(axis)] = begin;
  sizes[static_cast<size_t>(axis)] = end - begin;
  return call("Slice", {tensor, longs(begins), longs(sizes)});
}

Out Graph::shape_tensor(Out tensor) {
  const auto shape = find_shape(tensor);
  if (shape && std::count(shape->begin(), shape->end(), -1) == 0) return longs(*shape);
  return call("Shape", {tensor}, {{"out_type", TF_INT64}});
}

Out Graph::size_of(Out tensor, int64_t axis) {
  const auto shape = find_shape(tensor);
  if (shape && (*shape)[static_cast<size_t>(axis)] >= 0) {
    return long_scalar((*shape)[static_cast<size_t>(axis)]);
  }
  return gather(shape_tensor(tensor), int_scalar(axis), 0);
}

void Graph::add_function(const std::shared_ptr<Function>& function) {
  if (std::find(functions_.begin(), functions_.end(), function) != functions_.end()) return;
  for (const auto& nested : function->nested()) add_function(nested);
  Status status;
  TF_GraphCopyFunction(graph_.get(), function->get(), nullptr, status);
  status.check("adding a function");
  functions_.push_back(function);
}

Function::Function(const Graph& body, const std::string& name, const Outs& inputs,
                   const Outs& outputs)
    : name_(name), nested_(body.functions()) {
  if (!body.fed().empty()) {
    throw Unsupported("TensorFlow takes no weight as large as one of those in its branch or loop");
  }
  Status status;
  function_.reset(TF_GraphToFunction(
      body.get(), name.c_str(), 0, -1, nullptr, static_cast<int>(inputs.size()), inputs.data(),
      static_cast<int>(outputs.size()), outputs.data(), nullptr, nullptr, nullptr, status));
  if (!status.ok()) throw Unsupported("TensorFlow takes no such function: " + status.message());
  for (const Out output : outputs) output_types_.push_back(Graph::type(output));
}

std::string unique_function_name(const std::string& kind) {
  static std::atomic<int64_t> count{0};
  return kind + "_" + std::to_string(count++);
}

namespace {

std::shared_ptr<Function> loop_function(Graph& outer, const std::string& kind,
                                        const Outs& variables, const Shapes& shapes,
                                        const LoopBody& make) {
  Graph inner;
  Outs inputs;
  for (size_t i = 0; i < variables.size(); ++i) {
    inputs.push_back(inner.placeholder("v", Graph::type(variables[i]), shapes[i]));
  }
  Outs outputs;
  for (const Out out : make(inner, inputs)) outputs.push_back(inner.identity(out));
  auto function = std::make_shared<Function>(inner, unique_function_name(kind), inputs, outputs);
  outer.add_function(function);
  return function;
}

}  // namespace

Outs while_loop(Graph& graph, const Outs& variables, const LoopCondition& condition,
                const LoopBody& body, const Shapes& shapes) {
  const auto condition_function =
      loop_function(graph, "condition", variables, shapes,
                    [&](Graph& inner, const Outs& v) { return Outs{condition(inner, v)}; });
  const auto body_function = loop_function(graph, "body", variables, shapes, body);
  return graph.call_all("StatelessWhile", {variables},
                        {{"cond", FunctionName{condition_function->name()}},
                         {"body", FunctionName{body_function->name()}},
                         {"output_shapes", shapes},
                         {"_lower_using_switch_merge", true}});
}

}  // namespace dnnbench::tf
