#include "emitter.h"

#include <algorithm>
#include <memory>
#include <new>

#include "core/error.h"
#include "operation.h"
#include "operators.h"
#include "permute_elements.h"

namespace dnnbench::tf {
namespace {

// Where one knows a size that the other does not.
std::optional<Shape> merged(const std::optional<Shape>& a, const std::optional<Shape>& b) {
  if (!a) return b;
  if (!b || a->size() != b->size()) return a;
  Shape shape = *a;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0) shape[i] = (*b)[i];
  }
  return shape;
}

// Weights from that size on are given to each run, and not part of the graph. As a part of it they
// are folded into other constants and packed ahead, which is worth a few copies to smaller ones.
constexpr size_t kSmallestFed_bytes = size_t{1} << 30;

// Shares the constant's memory where it need not be moved: where it is in order and aligned.
OwnedTensor stored_tensor(const import::Constant& constant, TF_DataType type,
                          const Permutation& permutation) {
  const Shape shape = stored_shape(constant.shape, permutation);
  const auto rank = static_cast<int>(shape.size());
  if (permutation.empty()) {
    const auto release = [](void*, size_t, void* owner) {
      delete static_cast<std::shared_ptr<const void>*>(owner);
    };
    auto owner = std::make_unique<std::shared_ptr<const void>>(constant.owner);
    // The library doesn't write to what its caller holds, too.
    auto* elements = const_cast<std::byte*>(constant.bytes.data());
    return {TF_NewTensor(type, shape.data(), rank, elements, constant.bytes.size(), release,
                         owner.release()),
            TF_DeleteTensor};
  }
  OwnedTensor tensor(TF_AllocateTensor(type, shape.data(), rank, constant.bytes.size()),
                     TF_DeleteTensor);
  if (tensor == nullptr) throw std::bad_alloc();
  permute_elements(constant.bytes, constant.shape, permutation, TF_DataTypeSize(type),
                   static_cast<std::byte*>(TF_TensorData(tensor.get())));
  return tensor;
}

}  // namespace

void Emitter::emit_nodes() {
  for (const import::Node& node : onnx_.nodes) {
    graph_.set_prefix(node.name);
    try {
      Operation emission(*this, node);
      find_operator(node)(emission);
    } catch (const import::UnsupportedNode&) {
      throw;  // of a subgraph
    } catch (const Unsupported& unsupported) {
      throw import::UnsupportedNode(node, unsupported.what());
    }
  }
  graph_.set_prefix("");
}

const import::Constant* Emitter::constant(const std::string& name) const {
  const auto found = constants_.find(name);
  if (found != constants_.end()) return &found->second;
  if (values_.count(name) != 0) return nullptr;
  if (const import::Constant* constant = onnx_.constant(name)) return constant;
  return outer_ == nullptr ? nullptr : outer_->constant(name);
}

void Emitter::set_constant(const std::string& name, import::Constant constant) {
  constants_[name] = std::move(constant);
}

bool Emitter::has_value(const std::string& name) const {
  return values_.count(name) != 0 || (shares_graph_ && outer_->has_value(name));
}

Out Emitter::make_constant(const import::Constant& constant, const Permutation& permutation) {
  const TF_DataType type = to_tensorflow(constant.type);
  if (constant.type == DataType::kString) {
    if (!permutation.empty()) throw Unsupported("strings are not stored with channels last");
    return graph_.constant(constant.tensor());
  }
  if (constant.bytes.size() >= kSmallestFed_bytes) {
    return graph_.feed(stored_tensor(constant, type, permutation));
  }
  return graph_.constant(type, stored_shape(constant.shape, permutation), [&](std::byte* to) {
    permute_elements(constant.bytes, constant.shape, permutation, TF_DataTypeSize(type), to);
  });
}

const std::vector<Stored>& Emitter::forms(const std::string& name) {
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  if (const import::Constant* known = constant(name)) {
    return values_of_constants_[name] = {{make_constant(*known, {}), {}}};
  }
  if (!has_value(name)) {
    throw Unsupported("its input \"" + name + "\" is not a tensor that is known here");
  }
  return outer_->forms(name);
}

Out Emitter::get(const std::string& name, const Permutation& wanted) {
  const Permutation permutation = normalized(wanted);
  std::vector<Stored>* forms = nullptr;
  if (const import::Constant* known = constant(name)) {
    forms = &values_of_constants_[name];
    const auto same = [&](const Stored& form) { return form.permutation == permutation; };
    if (std::none_of(forms->begin(), forms->end(), same)) {
      forms->push_back({make_constant(*known, permutation), permutation});
    }
  } else if (values_.count(name) != 0) {
    forms = &values_[name];
  } else if (has_value(name)) {
    return outer_->get(name, wanted);
  } else {
    throw Unsupported("its input \"" + name + "\" is not a tensor that is known here");
  }
  for (const Stored& form : *forms) {
    if (form.permutation == permutation) return form.out;
  }
  const Stored first = forms->front();
  const Shape stored = graph_.shape(first.out);
  const Shape logical = logical_shape(stored, first.permutation);
  const bool known_sizes = std::count(logical.begin(), logical.end(), -1) == 0;
  const Out out = known_sizes && moves_only_ones(first.permutation, permutation, logical)
                      ? graph_.reshape(first.out, stored_shape(logical, permutation))
                      : graph_.transpose(first.out, transposition(first.permutation, permutation,
                                                                  logical.size()));
  forms->push_back({out, permutation});
  return out;
}

void Emitter::set(const std::string& name, Out out, const Permutation& permutation) {
  if (name.empty()) return;
  const Permutation order = normalized(permutation);
  const import::ValueType* type = onnx_.type_of(name);
  if (type != nullptr && type->kind == import::ValueType::Kind::kTensor && type->shape) {
    const auto known = graph_.find_shape(out);
    if (!known || (known->size() == type->shape->size() &&
                   std::count(known->begin(), known->end(), -1) != 0)) {
      graph_.refine_shape(out, stored_shape(*type->shape, order));
    }
  }
  values_[name] = {{out, order}};
}

std::optional<Shape> Emitter::find_shape(const std::string& name) {
  if (const import::Constant* known = constant(name)) return known->shape;
  std::optional<Shape> shape;
  if (const import::ValueType* type = onnx_.type_of(name)) shape = type->shape;
  if (!has_value(name)) return shape;
  const Stored& form = forms(name).front();
  if (const auto stored = graph_.find_shape(form.out)) {
    shape = merged(logical_shape(*stored, form.permutation), shape);
  }
  return shape;
}

const std::vector<std::string>* Emitter::sequence(const std::string& name) const {
  const auto found = sequences_.find(name);
  if (found != sequences_.end()) return &found->second;
  return outer_ == nullptr ? nullptr : outer_->sequence(name);
}

void Emitter::set_sequence(const std::string& name, std::vector<std::string> elements) {
  sequences_[name] = std::move(elements);
}

std::optional<List> Emitter::find_list(const std::string& name) const {
  const auto found = lists_.find(name);
  if (found != lists_.end()) return found->second;
  return shares_graph_ ? outer_->find_list(name) : std::nullopt;
}

List Emitter::list(const std::string& name) {
  if (const auto known = find_list(name)) return *known;
  const std::vector<std::string>* elements = sequence(name);
  if (elements == nullptr)
    throw Unsupported("\"" + name + "\" is not a sequence that is known here");
  const import::ValueType* type = nullptr;
  for (const Emitter* at = this; at != nullptr && type == nullptr; at = at->outer_) {
    type = at->onnx_.type_of(name);
  }
  if (elements->empty() && (type == nullptr || type->element == DataType::kUndefined)) {
    throw Unsupported("the type of the empty sequence \"" + name + "\" is not known");
  }
  Outs tensors;
  for (const std::string& element : *elements) tensors.push_back(get(element));
  List list =
      empty_list(graph_, tensors.empty() ? to_tensorflow(type->element) : Graph::type(tensors[0]));
  for (const Out tensor : tensors) list = push(graph_, list, tensor);
  return list;
}

std::string Emitter::fresh_name() {
  // No ONNX value has such a name, and no other graph's emitter makes the same.
  return "dnnbench:" + onnx_.name + ":" + std::to_string(reinterpret_cast<uintptr_t>(this)) + ":" +
         std::to_string(fresh_++);
}

}  // namespace dnnbench::tf
