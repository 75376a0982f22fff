#include "lists.h"

namespace dnnbench::tf {

List empty_list(Graph& g, TF_DataType element) {
  return {
      g.call("EmptyTensorList", {g.int_scalar(-1), g.int_scalar(-1)}, {{"element_dtype", element}}),
      element};
}

List push(Graph& g, const List& list, Out tensor) {
  return {g.call("TensorListPushBack", {list.handle, tensor}, {{"element_dtype", list.element}}),
          list.element};
}

Out list_length(Graph& g, const List& list) {
  return g.cast(g.call("TensorListLength", {list.handle}), TF_INT64);
}

Out list_element(Graph& g, const List& list, Out index) {
  const Out at = g.cast(index, TF_INT64), zero = g.long_scalar(0);
  const Out place = g.select(g.less(at, zero), g.add(at, list_length(g, list)), at);
  return g.call("TensorListGetItem", {list.handle, g.cast(place, TF_INT32), g.int_scalar(-1)},
                {{"element_dtype", list.element}});
}

Out stacked(Graph& g, const List& list, const std::optional<Shape>& element) {
  const Out shape = element ? g.ints(*element) : g.int_scalar(-1);
  return g.call("TensorListStack", {list.handle, shape}, {{"element_dtype", list.element}});
}

Out joined(Graph& g, const List& list) {
  return g.call("TensorListConcatV2", {list.handle, g.int_scalar(-1), g.longs({})},
                {{"element_dtype", list.element}, {"shape_type", TF_INT32}});
}

List make_list(Graph& g, TF_DataType element, Out count, const Outs& given,
               const MakeElement& make) {
  Outs variables{g.long_scalar(0), count, empty_list(g, element).handle};
  variables.insert(variables.end(), given.begin(), given.end());
  Shapes shapes{Shape{}, Shape{}, Shape{}};
  for (const Out one : given) shapes.push_back(g.find_shape(one));
  const auto condition = [](Graph& inner, const Outs& v) { return inner.less(v[0], v[1]); };
  const auto body = [&](Graph& inner, const Outs& v) {
    const Out made = make(inner, v[0], {v.begin() + 3, v.end()});
    Outs next{inner.add(v[0], inner.long_scalar(1)), v[1],
              push(inner, {v[2], element}, made).handle};
    next.insert(next.end(), v.begin() + 3, v.end());
    return next;
  };
  return {while_loop(g, variables, condition, body, shapes)[2], element};
}

}  // namespace dnnbench::tf
