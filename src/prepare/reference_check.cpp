#include "prepare/reference_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "core/error.h"
#include "core/random_numbers.h"
#include "evaluate/graph_check.h"
#include "import/read_model.h"
#include "machine/memory.h"
#include "prepare/activations.h"
#include "prepare/reference_session.h"
#include "process/interrupt.h"
#include "protocol/value_file.h"

namespace dnnbench {
namespace {

constexpr int64_t kMegabyte = 1'000'000;

// Of the cheap check. A formula adds up some 300 million terms per second.
constexpr int64_t kSampledBytes = 64 * kMegabyte;  // of values that leave the library
constexpr int64_t kSampledElements = 256;          // of each output
constexpr int64_t kSampledTerms = 100'000'000;

// Of the thorough one.
constexpr int64_t kBytesAtOnce = 256 * kMegabyte;
constexpr int64_t kCheckedTerms = 6'000'000'000;

using Values = std::map<std::string, const Tensor*>;

std::map<std::string, int64_t> sizes_of(ModelSimplifier& simplifier) {
  const SimplifiedModel& simplified = simplifier.get();
  if (!simplified.outcome.ok()) return {};
  return value_bytes(import::read_model_file(simplified.path).graph);
}

// Of a value whose size the simplified form doesn't say, because it was fused away: as the others.
int64_t usual_size(const std::map<std::string, int64_t>& sizes) {
  if (sizes.empty()) return kMegabyte;
  int64_t sum = 0;
  for (const auto& [name, bytes] : sizes) sum += bytes / static_cast<int64_t>(sizes.size());
  return sum;
}

// One check of one set of inputs, with ONNX Runtime in a process of its own.
class Run {
 public:
  Run(const LoadConfig& config, const std::string& inputs_file, ModelSimplifier& simplifier,
      double timeout_s, const WorkFolder& work)
      : config_(config),
        inputs_file_(inputs_file),
        inputs_(read_values(inputs_file)),
        file_(import::read_model_file(config.model_path)),
        check_(file_.graph, inputs_),
        sizes_(sizes_of(simplifier)),
        usual_size_(usual_size(sizes_)),
        session_(reference_session(work, "reference-check", timeout_s)) {}

  SecondOpinion sample(uint64_t seed) {
    const std::vector<size_t> nodes = drawn(seed);
    if (!nodes.empty()) check(nodes, kSampledElements, kSampledTerms, nodes.size(), seed);
    return check_.opinion();
  }

  SecondOpinion all(uint64_t seed) {
    const int64_t free = free_memory_bytes();
    const int64_t at_once = free == 0 ? kBytesAtOnce : std::min(kBytesAtOnce, free / 8);
    const std::vector<size_t>& nodes = check_.nodes();
    int64_t terms = kCheckedTerms;
    for (size_t i = 0; i < nodes.size() && !check_.found_wrong() && !is_interrupted();) {
      std::vector<size_t> group;
      const size_t left = nodes.size() - i;
      for (int64_t bytes = 0; i < nodes.size() && (group.empty() || bytes < at_once); ++i) {
        bytes += bytes_of(nodes[i]);
        group.push_back(nodes[i]);
      }
      terms -= check(group, std::numeric_limits<int64_t>::max(), terms, left, seed);
    }
    return check_.opinion();
  }

 private:
  int64_t bytes_of(size_t node) const {
    int64_t bytes = 0;
    for (const std::string& name : check_.needed(node)) {
      const auto known = sizes_.find(name);
      bytes += known == sizes_.end() ? usual_size_ : known->second;
    }
    return bytes;
  }

  // Nodes in random order, those first whose operator was not there yet, as far as memory goes.
  std::vector<size_t> drawn(uint64_t seed) const {
    std::vector<size_t> order = check_.nodes();
    RandomNumbers random(seed, 1);
    for (size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1],
                order[static_cast<size_t>(random.integer(0, static_cast<int64_t>(i) - 1))]);
    }
    std::set<std::string> seen;
    std::stable_partition(order.begin(), order.end(),
                          [&](size_t node) { return seen.insert(check_.node(node).op).second; });
    std::vector<size_t> nodes;
    int64_t bytes = 0;
    for (const size_t node : order) {
      if (bytes + bytes_of(node) > kSampledBytes && !nodes.empty()) continue;
      bytes += bytes_of(node);
      nodes.push_back(node);
    }
    return nodes;
  }

  // What cheap nodes leave of the terms is for those that follow, `left` in all. Returns the terms
  // used.
  int64_t check(const std::vector<size_t>& nodes, int64_t max_elements, int64_t terms, size_t left,
                uint64_t seed) {
    std::set<std::string> names;
    for (const size_t node : nodes) {
      for (const std::string& name : check_.needed(node)) names.insert(name);
    }
    LoadConfig config = config_;
    config.extra_outputs = {names.begin(), names.end()};
    session_.load(config);
    const std::vector<Value> outputs = run_once(session_, inputs_file_);
    Values values;
    for (const Value& output : outputs) {
      if (output.kind == Value::Kind::kTensor) values[output.name] = &output.tensor();
    }
    int64_t used = 0;
    for (const size_t node : nodes) {
      if (check_.found_wrong() || is_interrupted()) break;
      const int64_t share = (terms - used) / static_cast<int64_t>(left--);
      used += check_.check(node, values, max_elements, share, seed);
    }
    return used;
  }

  const LoadConfig& config_;
  const std::string& inputs_file_;
  const std::vector<Value> inputs_;
  const import::ModelFile file_;
  evaluate::GraphCheck check_;
  const std::map<std::string, int64_t> sizes_;
  const int64_t usual_size_;
  EngineSession session_;
};

// Not worth ending a run over: what can't be checked is said in the result.
template <typename Make>
SecondOpinion or_unknown(Make make) {
  SecondOpinion unknown;
  try {
    return make();
  } catch (const EngineEnded& ended) {
    unknown.reason =
        fmt::format("ONNX Runtime does not say the values within this model: {}", ended.what());
  } catch (const Error& error) {
    unknown.reason = error.what();
  } catch (const Unsupported& unsupported) {
    unknown.reason = unsupported.what();
  }
  return unknown;
}

}  // namespace

ReferenceCheck::ReferenceCheck(LoadConfig config, const std::vector<InputSet>& sets,
                               std::shared_ptr<ModelSimplifier> simplifier, uint64_t seed,
                               double timeout_s, const WorkFolder& work, Progress& progress)
    : config_(std::move(config)),
      simplifier_(std::move(simplifier)),
      seed_(seed),
      timeout_s_(timeout_s),
      work_(work),
      progress_(progress) {
  config_.optimize = false;
  config_.precision = "f32";
  for (const InputSet& set : sets) inputs_files_.push_back(set.file);
}

SecondOpinion ReferenceCheck::sample(size_t input_set) {
  progress_.step("reference", "checking a sample of its nodes", std::nullopt);
  return or_unknown([&] {
    return Run(config_, inputs_files_.at(input_set), *simplifier_, timeout_s_, work_).sample(seed_);
  });
}

const SecondOpinion& ReferenceCheck::check(size_t input_set) {
  const auto found = checked_.find(input_set);
  if (found != checked_.end()) return found->second;
  progress_.step("reference", "checking all of its nodes, because an engine disagrees",
                 std::nullopt);
  SecondOpinion opinion = or_unknown([&] {
    try {
      return Run(config_, inputs_files_.at(input_set), *simplifier_, timeout_s_, work_).all(seed_);
    } catch (const Interrupted&) {
      throw Error("the run was interrupted before the reference was checked");
    }
  });
  opinion.disagreed = true;
  return checked_.emplace(input_set, std::move(opinion)).first->second;
}

}  // namespace dnnbench
