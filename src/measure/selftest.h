// Selftest: whether an engine that takes turns with another is measured as it is alone, on this
// machine and this model. Threads of one engine that go on spinning after a call would slow the
// next one, were they not stopped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "measure/measured_engine.h"
#include "measure/surroundings.h"
#include "rank/median_interval.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

// In turns and alone must agree so closely.
inline constexpr double kSelftestLimit = 0.02;

enum class Agreement {
  kAgrees,   // the interval lies inside the limit
  kDiffers,  // outside
  kUnknown,  // across its end when the budget was spent
  kBusy,     // something else disturbed more than half of the cycles
};

struct SelftestRow {
  std::string label;
  std::string other;    // that it took turns with
  double alone_s = 0;   // median of one inference
  double ratio = 1;     // in turns to alone, the median of the cycles
  Interval interval{};  // of that median, 95 % (rank/median_interval.h)
  int cycles = 0;
  int disturbed = 0;
  Agreement agreement = Agreement::kUnknown;
};

// Measures an engine in turns with another and alone, cycle by cycle, until the row says whether
// they agree or budget_s is spent. A cycle is some turns in alternation with the other engine's,
// and as many in a row while the other stands still; which comes first changes from cycle to cycle,
// so that a machine whose speed wanders hits both alike. Both must be prepared and paused. The
// labels of the row are left empty. Throws EngineEnded.
SelftestRow compare_with_alone(MeasuredEngine& engine, MeasuredEngine& other, double budget_s,
                               const Surroundings& surroundings);

// Loads the candidates of the only comparison of `options`, at least two on one model, and compares
// each, in turns with the next of them, for at most options.budget_s each. Throws Error for what
// the user must fix, EngineEnded when an engine ends.
std::vector<SelftestRow> selftest(const RunOptions& options, Progress& progress);

}  // namespace dnnbench
