// The rules that turns of every mode follow, each in one place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

#include "machine/disturbance.h"
#include "measure/measured_engine.h"

namespace dnnbench {

// Of turn `number`, from 0 on: two sets of inputs alternate, so that an engine that repeats an old
// answer is found out.
inline size_t input_set_of(size_t number) { return number % 2; }

// After turns 0, 1, 3, 7, ...: seldom, for a check takes as long as a turn where outputs are large.
inline bool is_verified_after(size_t number) { return (number & (number + 1)) == 0; }

// Turn `number` of an engine: take(input_set) takes it, then outputs are verified where that is
// due, then the engine is paused. Throws EngineEnded.
template <typename Take>
auto take_verified_turn(MeasuredEngine& engine, size_t number, Take take) {
  auto turn = take(input_set_of(number));
  if (is_verified_after(number)) engine.verify(input_set_of(number));
  engine.pause();
  return turn;
}

// What figures are computed from: the undisturbed ones, or all where most were disturbed, which
// makes a result suspect.
template <typename T, typename IsDisturbed>
std::vector<T> undisturbed_or_all(const std::vector<T>& all, IsDisturbed is_disturbed) {
  std::vector<T> undisturbed;
  std::copy_if(all.begin(), all.end(), std::back_inserter(undisturbed),
               [&](const T& one) { return !is_disturbed(one); });
  const auto count = static_cast<int64_t>(all.size());
  const auto disturbed = count - static_cast<int64_t>(undisturbed.size());
  return is_mostly_disturbed(disturbed, count) ? all : undisturbed;
}

}  // namespace dnnbench
