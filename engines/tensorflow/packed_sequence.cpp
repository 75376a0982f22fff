#include "packed_sequence.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace dnnbench::tf {
namespace {

Tensor integers(std::vector<int64_t> shape, const std::vector<int64_t>& values) {
  Tensor tensor = make_tensor(DataType::kInt64, std::move(shape));
  std::copy(values.begin(), values.end(), tensor.as<int64_t>().begin());
  return tensor;
}

}  // namespace

std::vector<Tensor> pack(const Value& sequence, DataType element) {
  if (element == DataType::kString) {
    throw Unsupported("the importer for TensorFlow takes no sequence of strings as input \"" +
                      sequence.name + "\"");
  }
  std::vector<int64_t> sizes, places;
  int64_t count = 0;
  for (const Tensor& tensor : sequence.tensors) {
    const int64_t own = element_count(tensor.shape);
    places.insert(places.end(), {count, own, static_cast<int64_t>(sizes.size()),
                                 static_cast<int64_t>(tensor.shape.size())});
    sizes.insert(sizes.end(), tensor.shape.begin(), tensor.shape.end());
    count += own;
  }
  Tensor elements = make_tensor(element, {count});
  std::byte* to = elements.bytes.data();
  for (const Tensor& tensor : sequence.tensors) {
    to = std::copy(tensor.bytes.begin(), tensor.bytes.end(), to);
  }
  const auto tensors = static_cast<int64_t>(sequence.tensors.size());
  return {std::move(elements), integers({static_cast<int64_t>(sizes.size())}, sizes),
          integers({tensors, 4}, places)};
}

List unpacked(Graph& g, Out elements, Out sizes, Out places) {
  const auto make = [](Graph& inner, Out turn, const Outs& given) {
    const Out place = inner.gather(given[2], turn, 0);
    const auto part = [&](Out from, int64_t i) {
      return inner.call(
          "Slice", {from, inner.slice(place, 0, i, i + 1), inner.slice(place, 0, i + 1, i + 2)});
    };
    return inner.reshape(part(given[0], 0), part(given[1], 2));
  };
  return make_list(g, Graph::type(elements), g.size_of(places, 0), {elements, sizes, places}, make);
}

Outs packed(Graph& g, const List& list) {
  const Out count = list_length(g, list);
  const auto each = [&](TF_DataType type, const std::function<Out(Graph&, Out)>& of) {
    return make_list(g, type, count, {list.handle}, [&](Graph& inner, Out turn, const Outs& given) {
      return of(inner, list_element(inner, {given[0], list.element}, turn));
    });
  };
  const auto shape = [](Graph& inner, Out element) {
    return inner.call("Shape", {element}, {{"out_type", TF_INT64}});
  };
  const auto flat = [](Graph& inner, Out element) { return inner.reshape(element, Shape{-1}); };
  const auto rank = [](Graph& inner, Out element) {
    return inner.cast(inner.call("Rank", {element}), TF_INT64);
  };
  // An empty list is joined only where the elements' shape is known.
  const auto join = [&](const List& parts) {
    return g.call("TensorListConcatV2", {parts.handle, g.ints({-1}), g.longs({})},
                  {{"element_dtype", parts.element}, {"shape_type", TF_INT32}});
  };
  return {join(each(list.element, flat)), join(each(TF_INT64, shape)),
          stacked(g, each(TF_INT64, rank), Shape{})};
}

std::vector<Tensor> unpack(const std::vector<Tensor>& packed) {
  const Tensor& elements = packed.at(0);
  auto size = packed.at(1).as<int64_t>().begin();
  size_t begin = 0;
  std::vector<Tensor> tensors;
  for (const int64_t rank : packed.at(2).as<int64_t>()) {
    std::vector<int64_t> shape(size, size + rank);
    size += rank;
    Tensor tensor = make_tensor(elements.type, std::move(shape));
    if (elements.type == DataType::kString) {
      const auto first = elements.strings.begin() + static_cast<std::ptrdiff_t>(begin);
      tensor.strings.assign(first, first + element_count(tensor.shape));
      begin += tensor.strings.size();
    } else {
      if (!tensor.bytes.empty()) {
        std::memcpy(tensor.bytes.data(), elements.bytes.data() + begin, tensor.bytes.size());
      }
      begin += tensor.bytes.size();
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace dnnbench::tf
