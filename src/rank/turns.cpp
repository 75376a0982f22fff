#include "rank/turns.h"

#include <algorithm>

namespace dnnbench {

std::vector<std::vector<size_t>> balanced_orders(size_t count) {
  // The first row zigzags, 0 1 n-1 2 n-2 ...; each further row adds one to every place.
  std::vector<std::vector<size_t>> orders(count, std::vector<size_t>(count));
  for (size_t row = 0; row < count; ++row) {
    for (size_t place = 0; place < count; ++place) {
      const size_t step = (place + 1) / 2;
      const size_t zigzag = place % 2 == 1 ? step : (count - step) % count;
      orders[row][place] = (row + zigzag) % count;
    }
  }
  if (count % 2 == 0 || count == 1) return orders;
  for (size_t row = 0; row < count; ++row) {
    orders.emplace_back(orders[row].rbegin(), orders[row].rend());
  }
  return orders;
}

}  // namespace dnnbench
