#include "onnx/shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"

namespace dnnbench {
namespace {

enum class Meaning { kBatch, kChannels, kPicture, kLength, kAudio, kPast };

// Tried in this order. Pictures: the inputs of the usual classifiers and detectors. Lengths: usual
// sentences and windows; 77 is CLIP's. Audio: a second at 16 kHz.
const std::vector<int64_t> kPictureSizes{224, 416, 640, 320, 512, 256, 300, 128, 32};
const std::vector<int64_t> kLengths{128, 256, 64, 16, 77, 32, 512, 8, 1};
const std::vector<int64_t> kAudioLengths{16000, 48000, 128, 256, 64, 16, 512};
const std::vector<int64_t> kChannelCounts{3, 1};
constexpr int64_t kPastLength = 16;
constexpr int kMaxTries = 48;

// Dimensions that must have the same size: those of one symbol, or one without a symbol.
struct Group {
  Meaning meaning = Meaning::kLength;
  std::vector<std::string> terms;  // symbols or numbers whose sum it is; usually none
  std::optional<int64_t> size;
  SizeSource source = SizeSource::kChosen;
};

using Groups = std::map<std::string, Group>;

std::string group_key(const ModelValue& input, size_t axis) {
  const Dimension& dimension = (*input.dimensions)[axis];
  return dimension.symbol.empty() ? fmt::format("{}\n{}", input.name, axis) : dimension.symbol;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool contains_any(const std::string& text, const std::vector<std::string>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const auto& part) { return text.find(part) != std::string::npos; });
}

bool is_one_of(const std::string& text, const std::vector<std::string>& all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

std::optional<Meaning> meaning_of_symbol(const std::string& symbol) {
  const std::string name = lower(symbol);
  if (contains_any(name, {"batch"}) || is_one_of(name, {"n", "b", "bs"})) return Meaning::kBatch;
  if (contains_any(name, {"past"})) return Meaning::kPast;
  if (contains_any(name, {"audio", "wave", "samples"})) return Meaning::kAudio;
  if (contains_any(name, {"seq", "len", "token", "word", "time", "frame"})) return Meaning::kLength;
  if (contains_any(name, {"channel"}) || name == "c") return Meaning::kChannels;
  if (contains_any(name, {"height", "width"}) || is_one_of(name, {"h", "w"})) {
    return Meaning::kPicture;
  }
  return std::nullopt;
}

// Pictures are [N,C,H,W], [N,H,W,C] when the last dimension is fixed and at most four channels,
// videos [N,C,T,H,W].
Meaning meaning_of_position(const ModelValue& input, size_t axis) {
  const std::vector<Dimension>& dimensions = *input.dimensions;
  const size_t rank = dimensions.size();
  if (axis == 0) return Meaning::kBatch;
  if (rank == 2 && is_floating_point(input.type)) return Meaning::kAudio;
  if (rank < 4) return Meaning::kLength;
  const bool channels_last = dimensions.back().size && *dimensions.back().size <= 4;
  if (channels_last) return axis + 3 >= rank ? Meaning::kPicture : Meaning::kLength;
  if (axis == 1) return Meaning::kChannels;
  return axis + 2 >= rank ? Meaning::kPicture : Meaning::kLength;
}

std::vector<std::string> split_sum(const std::string& symbol) {
  if (symbol == "total_sequence_length") return {"past_sequence_length", "sequence_length"};
  std::vector<std::string> terms;
  if (symbol.find('+') == std::string::npos) return terms;
  size_t start = 0;
  while (start <= symbol.size()) {
    const size_t plus = std::min(symbol.find('+', start), symbol.size());
    std::string term = symbol.substr(start, plus - start);
    term.erase(std::remove(term.begin(), term.end(), ' '), term.end());
    terms.push_back(term);
    start = plus + 1;
  }
  return terms;
}

std::optional<int64_t> term_size(const std::string& term, const Groups& groups) {
  int64_t number = 0;
  const char* end = term.data() + term.size();
  const auto [next, error] = std::from_chars(term.data(), end, number);
  if (error == std::errc() && next == end) return number;
  const auto found = groups.find(term);
  return found == groups.end() ? std::nullopt : found->second.size;
}

bool is_number_or_group(const std::string& term, const Groups& groups) {
  return groups.count(term) > 0 || term_size(term, groups);
}

Groups open_groups(const Model& model) {
  Groups groups;
  for (const ModelValue& input : model.inputs) {
    if (input.kind != ModelValue::Kind::kTensor || !input.dimensions) continue;
    for (size_t axis = 0; axis < input.dimensions->size(); ++axis) {
      const Dimension& dimension = (*input.dimensions)[axis];
      if (dimension.size) continue;
      const auto [group, is_new] = groups.try_emplace(group_key(input, axis));
      if (!is_new) continue;
      group->second.meaning =
          meaning_of_symbol(dimension.symbol).value_or(meaning_of_position(input, axis));
    }
  }
  for (auto& [symbol, group] : groups) {
    const std::vector<std::string> terms = split_sum(symbol);
    const bool known = std::all_of(terms.begin(), terms.end(), [&](const std::string& term) {
      return term != symbol && is_number_or_group(term, groups);
    });
    if (known) group.terms = terms;
  }
  return groups;
}

void check_against_model(const Model& model, const std::string& name,
                         const std::vector<int64_t>& shape) {
  const ModelValue* input = find_input(model, name);
  if (input == nullptr) {
    throw UsageError(
        fmt::format("the model has no input '{}'; its inputs are {}", name, input_names(model)));
  }
  if (input->kind != ModelValue::Kind::kTensor) {
    throw UsageError(
        fmt::format("input '{}' is a {}, which has no shape to set", name, to_string(input->kind)));
  }
  const bool fits = [&] {
    if (!input->dimensions) return true;
    if (input->dimensions->size() != shape.size()) return false;
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      const std::optional<int64_t> fixed = (*input->dimensions)[axis].size;
      if (fixed && *fixed != shape[axis]) return false;
    }
    return true;
  }();
  if (!fits) {
    throw UsageError(fmt::format("the shape [{}] does not fit input '{}', which is {}",
                                 fmt::join(shape, ","), name, describe(*input)));
  }
}

void apply_user_shapes(const Model& model, const InputShapes& user_shapes, Groups& groups) {
  for (const auto& [name, shape] : user_shapes) {
    check_against_model(model, name, shape);
    const ModelValue& input = *find_input(model, name);
    if (!input.dimensions) continue;
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if ((*input.dimensions)[axis].size) continue;
      Group& group = groups.at(group_key(input, axis));
      if (group.size && *group.size != shape[axis]) {
        throw UsageError(fmt::format("the given shapes make the dimension '{}' both {} and {}",
                                     (*input.dimensions)[axis].symbol, *group.size, shape[axis]));
      }
      group.size = shape[axis];
      group.source = SizeSource::kUser;
    }
  }
}

std::string input_names_and_shapes(const Model& model) {
  std::vector<std::string> inputs;
  for (const ModelValue& input : model.inputs) {
    inputs.push_back(fmt::format("{} {}", input.name, describe(input)));
  }
  return fmt::format("{}", fmt::join(inputs, ", "));
}

// Whether every input's first dimension has that size by the model.
bool is_fixed_batch(const Model& model, int64_t batch) {
  return std::all_of(model.inputs.begin(), model.inputs.end(), [&](const ModelValue& input) {
    if (input.kind != ModelValue::Kind::kTensor || !input.dimensions) return true;
    return input.dimensions->empty() || input.dimensions->front().size == batch;
  });
}

void apply_batch(const Model& model, int64_t batch, Groups& groups) {
  bool is_open = false;
  for (auto& [symbol, group] : groups) {
    if (group.meaning != Meaning::kBatch) continue;
    is_open = true;
    if (group.size && *group.size != batch) {
      throw UsageError(fmt::format("--batch={} contradicts the shapes given, whose batch is {}",
                                   batch, *group.size));
    }
    group.size = batch;
    group.source = SizeSource::kUser;
  }
  if (is_open || is_fixed_batch(model, batch)) return;
  throw UsageError(fmt::format(
      "--batch={} can't be run: the model fixes the batch of its inputs ({}); export it with an "
      "open first dimension",
      batch, input_names_and_shapes(model)));
}

ResolvedShapes to_shapes(const Model& model, const InputShapes& user_shapes, const Groups& groups) {
  ResolvedShapes resolved;
  for (const ModelValue& input : model.inputs) {
    if (input.kind != ModelValue::Kind::kTensor) continue;
    std::vector<ResolvedDimension>& dimensions = resolved.inputs[input.name];
    if (!input.dimensions) {
      for (const int64_t size : user_shapes.at(input.name)) {
        dimensions.push_back({size, SizeSource::kUser, ""});
      }
      continue;
    }
    for (size_t axis = 0; axis < input.dimensions->size(); ++axis) {
      const Dimension& dimension = (*input.dimensions)[axis];
      if (dimension.size) {
        dimensions.push_back({*dimension.size, SizeSource::kModel, dimension.symbol});
      } else {
        const Group& group = groups.at(group_key(input, axis));
        dimensions.push_back({*group.size, group.source, dimension.symbol});
      }
    }
  }
  return resolved;
}

// One choice for the open dimensions.
struct Sizes {
  int64_t picture, length, audio, channels;
};

int64_t chosen_size(Meaning meaning, const Sizes& sizes) {
  switch (meaning) {
    case Meaning::kBatch:
      return 1;
    case Meaning::kChannels:
      return sizes.channels;
    case Meaning::kPicture:
      return sizes.picture;
    case Meaning::kLength:
      return sizes.length;
    case Meaning::kAudio:
      return sizes.audio;
    case Meaning::kPast:
      return kPastLength;
  }
  return 1;
}

Groups choose(Groups groups, const Sizes& sizes) {
  for (auto& [symbol, group] : groups) {
    if (!group.size && group.terms.empty()) group.size = chosen_size(group.meaning, sizes);
  }
  for (auto& [symbol, group] : groups) {
    if (group.size) continue;
    group.size = 0;
    // A term that is itself a sum may not have its size yet: it counts as a length.
    for (const std::string& term : group.terms) {
      *group.size += term_size(term, groups).value_or(sizes.length);
    }
  }
  return groups;
}

// All combinations of those sizes that some open dimension needs, the usual ones first.
std::vector<Sizes> combinations(const Groups& groups) {
  const auto options = [&](Meaning meaning, const std::vector<int64_t>& sizes) {
    const bool needed = std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
      return !group.second.size && group.second.meaning == meaning;
    });
    return needed ? sizes : std::vector<int64_t>{sizes.front()};
  };
  std::vector<Sizes> all;
  for (const int64_t audio : options(Meaning::kAudio, kAudioLengths)) {
    for (const int64_t length : options(Meaning::kLength, kLengths)) {
      for (const int64_t picture : options(Meaning::kPicture, kPictureSizes)) {
        for (const int64_t channels : options(Meaning::kChannels, kChannelCounts)) {
          all.push_back({picture, length, audio, channels});
        }
      }
    }
  }
  if (all.size() > kMaxTries) all.resize(kMaxTries);
  return all;
}

std::string open_inputs(const Model& model, const InputShapes& user_shapes) {
  std::string text;
  for (const ModelValue& input : model.inputs) {
    if (input.kind != ModelValue::Kind::kTensor || user_shapes.count(input.name) > 0) continue;
    const bool open = !input.dimensions ||
                      std::any_of(input.dimensions->begin(), input.dimensions->end(),
                                  [](const Dimension& dimension) { return !dimension.size; });
    if (open) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", input.name, describe(input));
  }
  return text;
}

void require_ranks(const Model& model, const InputShapes& user_shapes) {
  for (const ModelValue& input : model.inputs) {
    if (input.kind != ModelValue::Kind::kTensor || input.dimensions) continue;
    if (user_shapes.count(input.name) > 0) continue;
    throw Error(fmt::format(
        "the model does not say how many dimensions input '{0}' has; give --shape={0}=DIMS",
        input.name));
  }
}

}  // namespace

std::string_view to_string(SizeSource source) {
  switch (source) {
    case SizeSource::kModel:
      return "model";
    case SizeSource::kUser:
      return "user";
    case SizeSource::kChosen:
      return "chosen";
  }
  return "model";
}

InputShapes ResolvedShapes::sizes() const {
  InputShapes shapes;
  for (const auto& [name, dimensions] : inputs) {
    std::vector<int64_t>& shape = shapes[name];
    for (const ResolvedDimension& dimension : dimensions) shape.push_back(dimension.size);
  }
  return shapes;
}

ResolvedShapes resolve_shapes(const Model& model, const InputShapes& user_shapes,
                              const AcceptsShapes& accepts, std::optional<int64_t> batch) {
  Groups groups = open_groups(model);
  apply_user_shapes(model, user_shapes, groups);
  if (batch) apply_batch(model, *batch, groups);
  require_ranks(model, user_shapes);
  const bool all_known = std::all_of(groups.begin(), groups.end(),
                                     [](const auto& group) { return group.second.size; });
  if (all_known) return to_shapes(model, user_shapes, groups);
  const std::vector<Sizes> candidates = combinations(groups);
  std::string reason;
  for (const Sizes& sizes : candidates) {
    const ResolvedShapes shapes = to_shapes(model, user_shapes, choose(groups, sizes));
    if (candidates.size() == 1) return shapes;
    const std::optional<std::string> refusal = accepts(shapes.sizes());
    if (!refusal) return shapes;
    reason = *refusal;
  }
  throw Error(
      fmt::format("no usual size was found that {} runs with for {}: give --shape=NAME=DIMS "
                  "(the last try ended with: {})",
                  model.path, open_inputs(model, user_shapes), reason));
}

std::string describe(const std::string& name, const std::vector<ResolvedDimension>& dimensions) {
  std::vector<int64_t> sizes;
  std::vector<std::string> sources;
  for (size_t axis = 0; axis < dimensions.size(); ++axis) {
    const ResolvedDimension& dimension = dimensions[axis];
    sizes.push_back(dimension.size);
    if (dimension.source == SizeSource::kModel) continue;
    const std::string label =
        dimension.symbol.empty() ? fmt::format("dimension {}", axis) : dimension.symbol;
    sources.push_back(fmt::format("{} {} {}", label, dimension.size,
                                  dimension.source == SizeSource::kUser ? "given" : "chosen"));
  }
  const std::string shape = fmt::format("{}={}", name, fmt::join(sizes, ","));
  return sources.empty() ? shape : fmt::format("{} ({})", shape, fmt::join(sources, ", "));
}

}  // namespace dnnbench
