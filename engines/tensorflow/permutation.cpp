#include "permutation.h"

#include <algorithm>
#include <numeric>

namespace dnnbench::tf {

Permutation channels_last(size_t rank) {
  if (rank < 3) return {};
  Permutation permutation{0};
  for (size_t i = 2; i < rank; ++i) permutation.push_back(static_cast<int>(i));
  permutation.push_back(1);
  return permutation;
}

Permutation normalized(Permutation permutation) {
  if (std::is_sorted(permutation.begin(), permutation.end())) permutation.clear();
  return permutation;
}

Permutation spelled_out(const Permutation& permutation, size_t rank) {
  if (!permutation.empty()) return permutation;
  Permutation identity(rank);
  std::iota(identity.begin(), identity.end(), 0);
  return identity;
}

int stored_axis(const Permutation& permutation, int logical) {
  const auto found = std::find(permutation.begin(), permutation.end(), logical);
  return permutation.empty() ? logical : static_cast<int>(found - permutation.begin());
}

Shape stored_shape(const Shape& logical, const Permutation& permutation) {
  if (permutation.empty()) return logical;
  Shape stored;
  for (const int axis : permutation) stored.push_back(logical[static_cast<size_t>(axis)]);
  return stored;
}

Shape logical_shape(const Shape& stored, const Permutation& permutation) {
  Shape logical = stored;
  for (size_t i = 0; i < permutation.size(); ++i) {
    logical[static_cast<size_t>(permutation[i])] = stored[i];
  }
  return logical;
}

std::vector<int> transposition(const Permutation& from, const Permutation& to, size_t rank) {
  std::vector<int> axes;
  for (const int logical : spelled_out(to, rank)) axes.push_back(stored_axis(from, logical));
  return axes;
}

bool moves_only_ones(const Permutation& from, const Permutation& to, const Shape& logical) {
  const auto without_ones = [&](const Permutation& permutation) {
    Permutation rest;
    for (const int axis : spelled_out(permutation, logical.size())) {
      if (logical[static_cast<size_t>(axis)] != 1) rest.push_back(axis);
    }
    return rest;
  };
  return without_ones(from) == without_ones(to);
}

std::optional<ReshapeOrder> reshape_order(const Shape& from, const Shape& to,
                                          const Permutation& stored) {
  const auto known = [](int64_t size) { return size > 0; };
  if (!std::all_of(from.begin(), from.end(), known) || !std::all_of(to.begin(), to.end(), known)) {
    return std::nullopt;
  }
  struct Group {
    std::vector<int> from, to;
  };
  std::vector<Group> groups;
  for (size_t i = 0, j = 0; i < from.size() || j < to.size();) {
    Group group;
    int64_t left = 1, right = 1;
    // One dimension of either side first, so that sizes of 1 pair off.
    if (i < from.size()) left *= from[i], group.from.push_back(static_cast<int>(i++));
    if (j < to.size()) right *= to[j], group.to.push_back(static_cast<int>(j++));
    while (left != right) {
      if (left < right && i < from.size()) {
        left *= from[i], group.from.push_back(static_cast<int>(i++));
      } else if (right < left && j < to.size()) {
        right *= to[j], group.to.push_back(static_cast<int>(j++));
      } else {
        return std::nullopt;
      }
    }
    groups.push_back(group);
  }
  const auto first_stored = [&](const Group& group) {
    int first = static_cast<int>(from.size());
    for (const int axis : group.from) first = std::min(first, stored_axis(stored, axis));
    return first;
  };
  std::stable_sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
    return first_stored(a) < first_stored(b);
  });
  ReshapeOrder order;
  for (const Group& group : groups) {
    order.source.insert(order.source.end(), group.from.begin(), group.from.end());
    order.result.insert(order.result.end(), group.to.begin(), group.to.end());
  }
  return ReshapeOrder{normalized(order.source), normalized(order.result)};
}

}  // namespace dnnbench::tf
