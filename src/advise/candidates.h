// Which measurements plans are made of: results and a catalogue in; out, one candidate per
// (instance, engine, settings), and why the others are left out. The rules are in docs/advising.md.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "advise/catalogue.h"
#include "queueing/capacity.h"
#include "results/stored_result.h"

namespace dnnbench {

// What is deployed: a machine type with an engine on it.
struct Deployed {
  std::string instance;
  std::string engine;    // the results' backend
  std::string settings;  // the results' backend_meta, "-quantised" appended where it was

  auto operator<=>(const Deployed&) const = default;
};

// What can be deployed, at which price and speed.
struct Deployable {
  Deployed what;
  std::string label;  // of its engine, among all of the selection (run/labels.h)
  double usd_per_hour = 0;
  Speed speed;

  // 95 % interval of the throughput, or how exactly a published figure could be read.
  std::optional<double> low_per_s;
  std::optional<double> high_per_s;

  bool only_under_traffic = false;  // the throughput is only the highest rate that it sustained
  bool at_least = false;  // only a lower bound of the throughput is known; for one machine alone
  bool lacks_interval = false;  // too few windows of throughput mode for an interval
  bool verified = false;        // outputs were compared with a reference
  int64_t number = 1;           // inferences that each measured time is the mean of
  double cores = 0;             // that it was measured with, of the machine's; 0 where not known
  double machine_cores = 0;
  std::string started_at;

  // Every usable measurement of it, the one that counts included.
  size_t measurements = 1;
  double slowest_per_s = 0;
  double fastest_per_s = 0;
};

struct Rejected {
  Deployed what;
  std::string label;
  std::string reason;  // "1.43 s exceeds 0.2 s at any count"
};

struct Selection {
  std::vector<Deployable> candidates;  // in the order of `what`, as are the rejected
  std::vector<Rejected> rejected;
  std::vector<std::string> warnings;  // sentences about the results as a whole
};

// The one name of a model: without ".onnx", and the 2021 study's other names resolved.
std::string canonical_model(const std::string& name);

// `arch` is empty for any. Throws UsageError where the results say of more than one input shape
// that it is the task's.
Selection select_candidates(const std::vector<StoredResult>& results, const std::string& model,
                            const Catalogue& catalogue, const std::string& arch);

}  // namespace dnnbench
