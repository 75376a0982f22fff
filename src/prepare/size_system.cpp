#include "prepare/size_system.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"

namespace dnnbench {
namespace {

constexpr size_t kMaxCandidates = 48;

// A list of numbers whose length has a name of its own ("k") has another length than the batch.
bool may_follow_batch(const std::string& key) {
  return key.find('\n') != std::string::npos || is_generated_name(key);
}

std::string unnamed_key(const ModelValue& input, size_t axis) {
  return fmt::format("{}\n{}", input.name, axis);
}

bool is_open_tensor(const ModelValue& input) {
  return input.kind == ModelValue::Kind::kTensor && input.dimensions;
}

// Names of dimensions may hold signs of arithmetic ("batch-size", "N/A"): those are expressions
// only where they are about other dimensions or can't be meant otherwise.
bool is_meant_as_expression(const SizeExpression& expression, const std::set<std::string>& names) {
  const auto& symbols = expression.symbols();
  const std::string& text = expression.text();
  return text.find_first_of("+*") != std::string::npos || text.find(" - ") != std::string::npos ||
         (expression.has_number() && text.find('/') != std::string::npos) ||
         std::all_of(symbols.begin(), symbols.end(),
                     [&](const std::string& symbol) { return names.count(symbol) > 0; });
}

}  // namespace

SizeSystem::SizeSystem(const Model& model, const InputShapes& given)
    : model_(model), given_(given) {
  do {
    build();
  } while (!take_given());
  solve_given_expressions();
  suggest_partners();
}

void SizeSystem::build() {
  variables_.clear();
  dimensions_.clear();
  std::set<std::string> names;
  for (const ModelValue& input : model_.inputs) {
    if (!is_open_tensor(input)) continue;
    for (const Dimension& dimension : *input.dimensions) {
      if (!dimension.size && !SizeExpression::parse(dimension.symbol)) {
        names.insert(dimension.symbol);
      }
    }
  }
  for (const ModelValue& input : model_.inputs) {
    if (!is_open_tensor(input)) continue;
    for (size_t axis = 0; axis < input.dimensions->size(); ++axis) {
      if (!(*input.dimensions)[axis].size) add_dimension(input, axis, names);
    }
  }
  tell_lengths_from_batches();
  relate_totals();
}

void SizeSystem::add_dimension(const ModelValue& input, size_t axis,
                               const std::set<std::string>& names) {
  OpenDimension dimension{&input, axis, "", std::nullopt, std::nullopt};
  const std::string& symbol = dimension.symbol();
  auto expression = SizeExpression::parse(symbol);
  if (expression && is_meant_as_expression(*expression, names)) {
    for (const std::string& part : expression->symbols()) {
      add_variable(part, input, axis, &*expression);
    }
    dimension.expression = std::move(expression);
  } else {
    const bool is_shared = is_symbol(symbol) && dropped_.count(symbol) == 0;
    dimension.variable = is_shared ? symbol : unnamed_key(input, axis);
    add_variable(dimension.variable, input, axis, nullptr);
  }
  dimensions_.push_back(std::move(dimension));
}

void SizeSystem::add_variable(const std::string& key, const ModelValue& input, size_t axis,
                              const SizeExpression* within) {
  // Only its own name or place says what a variable is, an expression's place says less.
  ModelValue named = input;
  if (within != nullptr) (*named.dimensions)[axis].symbol = key;
  const DimensionKind kind = dimension_kind(named, axis);
  const bool is_telling = has_telling_name((*named.dimensions)[axis]);
  const auto [entry, is_new] = variables_.try_emplace(key);
  Variable& variable = entry->second;
  if (is_new || (within == nullptr && !variable.is_in_input) ||
      variable.kind == DimensionKind::kMaybeBatch) {
    variable.kind = kind;
    variable.is_telling = is_telling;
  }
  if (within == nullptr) variable.is_in_input = true;
  if (within != nullptr && within->has_offset()) variable.has_offset = true;
}

// A batch is neither one more nor one less than another size.
void SizeSystem::tell_lengths_from_batches() {
  for (auto& [key, variable] : variables_) {
    const bool is_first =
        variable.kind == DimensionKind::kBatch || variable.kind == DimensionKind::kMaybeBatch;
    if (is_first && !variable.is_telling && variable.has_offset) {
      variable.kind = DimensionKind::kLength;
    }
  }
}

std::optional<std::string> SizeSystem::find_past() {
  for (const OpenDimension& dimension : dimensions_) {
    if (dimension.variable.empty()) continue;
    if (variables_.at(dimension.variable).kind == DimensionKind::kPast) return dimension.variable;
  }
  for (const ModelValue& input : model_.inputs) {
    if (!is_open_tensor(input) || input.dimensions->size() < 3) continue;
    const size_t axis = input.dimensions->size() - 2;
    const std::optional<int64_t> size = (*input.dimensions)[axis].size;
    if (!size || input.name.find("past") == std::string::npos) continue;
    Variable& variable = variables_[unnamed_key(input, axis)];
    variable.size = size;
    variable.source = SizeSource::kModel;
    return unnamed_key(input, axis);
  }
  return std::nullopt;
}

std::optional<std::string> SizeSystem::find_sequence() {
  for (const OpenDimension& dimension : dimensions_) {
    if (!dimension.variable.empty() && is_decoder_sequence(*dimension.input, dimension.axis)) {
      return dimension.variable;
    }
  }
  for (const ModelValue& input : model_.inputs) {
    if (!is_open_tensor(input) || input.dimensions->size() < 2) continue;
    if (!is_decoder_sequence(input, 1) || !(*input.dimensions)[1].size) continue;
    Variable& variable = variables_[unnamed_key(input, 1)];
    variable.size = (*input.dimensions)[1].size;
    variable.source = SizeSource::kModel;
    return unnamed_key(input, 1);
  }
  return std::nullopt;
}

void SizeSystem::relate_totals() {
  const bool has_total =
      std::any_of(dimensions_.begin(), dimensions_.end(), [](const OpenDimension& dimension) {
        return !dimension.expression && is_total_length(*dimension.input, dimension.axis);
      });
  if (!has_total) return;
  const auto past = find_past(), sequence = find_sequence();
  if (!past || !sequence) return;
  for (OpenDimension& dimension : dimensions_) {
    const bool is_part = dimension.variable == *past || dimension.variable == *sequence;
    if (dimension.expression || is_part || !is_total_length(*dimension.input, dimension.axis)) {
      continue;
    }
    dimension.expression = SizeExpression::sum(*past, *sequence, "past + sequence");
    dimension.variable.clear();
  }
}

// False when a symbol had to be dropped, which makes another system.
bool SizeSystem::take_given() {
  for (OpenDimension& dimension : dimensions_) {
    const auto shape = given_.find(dimension.input->name);
    if (shape == given_.end()) continue;
    dimension.given = shape->second[dimension.axis];
    if (dimension.variable.empty()) continue;
    Variable& variable = variables_.at(dimension.variable);
    if (variable.size && *variable.size != *dimension.given) {
      notes_.push_back(fmt::format(
          "The shapes given make the dimension \"{}\" both {} and {}, so its name is ignored.",
          dimension.symbol(), *variable.size, *dimension.given));
      dropped_.insert(dimension.symbol());
      return false;
    }
    variable.size = dimension.given;
    variable.source = SizeSource::kUser;
  }
  return true;
}

void SizeSystem::solve_given_expressions() {
  const auto known = [&](const std::string& key) { return variables_.at(key).size; };
  for (const OpenDimension& dimension : dimensions_) {
    if (!dimension.expression || !dimension.given) continue;
    const SizeExpression& expression = *dimension.expression;
    std::vector<std::string> unknown;
    for (const std::string& key : expression.symbols()) {
      if (!variables_.at(key).size) unknown.push_back(key);
    }
    if (unknown.empty() && expression.evaluate(known) != dimension.given) {
      notes_.push_back(fmt::format("The shapes given do not keep \"{}\" = {} of input \"{}\".",
                                   expression.text(), *dimension.given, dimension.input->name));
    }
    if (unknown.size() != 1) continue;
    const auto solution = expression.solve(unknown[0], *dimension.given, known);
    if (!solution) continue;
    Variable& variable = variables_.at(unknown[0]);
    variable.size = solution;
    variable.reason = fmt::format("{} = {}", expression.text(), *dimension.given);
  }
}

std::optional<SizeSystem::Suggestion> SizeSystem::partner_of(const OpenDimension& dimension) const {
  const DimensionKind kind = variables_.at(dimension.variable).kind;
  if (kind == DimensionKind::kMaybeBatch && !may_follow_batch(dimension.variable)) {
    return std::nullopt;
  }
  const bool is_batch = kind == DimensionKind::kBatch || kind == DimensionKind::kMaybeBatch;
  for (const OpenDimension& other : dimensions_) {
    if (!other.given || other.input == dimension.input || other.axis != dimension.axis) continue;
    if (other.variable.empty()) continue;
    const DimensionKind other_kind = variables_.at(other.variable).kind;
    const bool same_rank = other.input->dimensions->size() == dimension.input->dimensions->size();
    if (is_batch ? other_kind != DimensionKind::kBatch : other_kind != kind || !same_rank) continue;
    return Suggestion{*other.given, fmt::format("as in {}", other.input->name)};
  }
  return std::nullopt;
}

void SizeSystem::suggest_partners() {
  for (const OpenDimension& dimension : dimensions_) {
    if (dimension.variable.empty()) continue;
    Variable& variable = variables_.at(dimension.variable);
    if (!variable.size && !variable.suggestion) variable.suggestion = partner_of(dimension);
  }
}

bool SizeSystem::set_batch(int64_t batch) {
  bool is_open = false;
  const auto set = [&](Variable& variable, int64_t size) {
    is_open = true;
    if (variable.size && *variable.size != size) {
      throw UsageError(fmt::format("--batch={} contradicts the shapes given, whose batch is {}",
                                   batch, *variable.size));
    }
    variable.size = size;
    variable.source = SizeSource::kUser;
  };
  for (auto& [key, variable] : variables_) {
    if (variable.kind == DimensionKind::kBatch && variable.is_in_input) set(variable, batch);
  }
  const auto known = [&](const std::string& key) { return variables_.at(key).size; };
  for (const OpenDimension& dimension : dimensions_) {
    if (!dimension.expression) continue;
    for (const std::string& key : dimension.expression->symbols()) {
      Variable& variable = variables_.at(key);
      if (variable.kind != DimensionKind::kBatch || variable.size) continue;
      const auto size = dimension.expression->solve(key, batch, known);
      if (!size) {
        throw UsageError(fmt::format("--batch={} does not fit the dimension \"{}\" of input '{}'",
                                     batch, dimension.symbol(), dimension.input->name));
      }
      set(variable, *size);
    }
  }
  for (auto& [key, variable] : variables_) {
    if (variable.kind != DimensionKind::kMaybeBatch) continue;
    if (!is_open) {
      set(variable, batch);
    } else if (!variable.size && may_follow_batch(key)) {
      variable.suggestion = Suggestion{batch, "the batch"};
    }
  }
  return is_open;
}

bool SizeSystem::is_unsuggested(const Variable& variable) const {
  return !variable.size && !variable.suggestion && variable.kind == DimensionKind::kCount;
}

std::vector<std::string> SizeSystem::unsuggested() const {
  std::vector<std::string> inputs;
  for (const OpenDimension& dimension : dimensions_) {
    if (dimension.given) continue;
    const auto is_missing = [&](const std::string& key) {
      return is_unsuggested(variables_.at(key));
    };
    const bool missing = dimension.expression
                             ? std::any_of(dimension.expression->symbols().begin(),
                                           dimension.expression->symbols().end(), is_missing)
                             : is_missing(dimension.variable);
    const bool listed = !inputs.empty() && inputs.back() == dimension.input->name;
    if (missing && !listed) inputs.push_back(dimension.input->name);
  }
  return inputs;
}

std::optional<int64_t> SizeSystem::size_of(const std::string& key, const Choice& choice) const {
  const Variable& variable = variables_.at(key);
  if (variable.size) return variable.size;
  if (choice.follow && variable.suggestion) return variable.suggestion->size;
  if (variable.kind == DimensionKind::kCount && !choice.is_example) return std::nullopt;
  return choice.sizes.at(variable.kind);
}

std::optional<ResolvedDimension> SizeSystem::resolve(const OpenDimension& dimension,
                                                     const Choice& choice) const {
  const std::string symbol = is_symbol(dimension.symbol()) ? dimension.symbol() : "";
  if (dimension.given) return ResolvedDimension{*dimension.given, SizeSource::kUser, symbol, ""};
  if (dimension.expression) {
    const auto size = dimension.expression->evaluate(
        [&](const std::string& key) { return size_of(key, choice); });
    if (!size || *size < 1) return std::nullopt;
    const std::string& text = dimension.expression->text();
    return ResolvedDimension{*size, SizeSource::kChosen, symbol, text == symbol ? "" : text};
  }
  const auto size = size_of(dimension.variable, choice);
  if (!size) return std::nullopt;
  const Variable& variable = variables_.at(dimension.variable);
  ResolvedDimension resolved{*size, variable.source, symbol, variable.reason};
  if (variable.size) return resolved;
  const bool is_followed = choice.follow && variable.suggestion;
  const bool is_named_batch = variable.kind == DimensionKind::kBatch && variable.is_telling;
  resolved.reason = is_followed      ? variable.suggestion->reason
                    : is_named_batch ? ""
                                     : usual_reason(variable.kind, *size);
  return resolved;
}

std::optional<ResolvedShapes> SizeSystem::resolve(const Choice& choice) const {
  ResolvedShapes resolved;
  resolved.notes = notes_;
  for (const ModelValue& input : model_.inputs) {
    if (input.kind != ModelValue::Kind::kTensor) continue;
    std::vector<ResolvedDimension>& shape = resolved.inputs[input.name];
    if (!input.dimensions) {
      for (const int64_t size : given_.at(input.name)) {
        shape.push_back({size, SizeSource::kUser, "", ""});
      }
      continue;
    }
    for (const Dimension& dimension : *input.dimensions) {
      shape.push_back({dimension.size.value_or(0), SizeSource::kModel, dimension.symbol, ""});
    }
  }
  for (const OpenDimension& dimension : dimensions_) {
    if (const auto size = resolve(dimension, choice)) {
      resolved.inputs.at(dimension.input->name)[dimension.axis] = *size;
    } else if (!choice.is_example) {
      return std::nullopt;
    }
  }
  return resolved;
}

// All combinations of those sizes that some open dimension needs, the usual ones first.
std::vector<SizeSystem::Choice> SizeSystem::choices() const {
  std::vector<Choice> all{Choice{}};
  for (const DimensionKind kind :
       {DimensionKind::kBatch, DimensionKind::kMaybeBatch, DimensionKind::kPast,
        DimensionKind::kCount, DimensionKind::kAudio, DimensionKind::kLength,
        DimensionKind::kPicture, DimensionKind::kChannels}) {
    std::vector<Choice> extended;
    for (const Choice& choice : all) {
      for (const int64_t size : usual_sizes(kind)) {
        extended.push_back(choice);
        extended.back().sizes[kind] = size;
      }
    }
    all = std::move(extended);
  }
  std::vector<Choice> twice;
  for (const Choice& choice : all) {
    twice.insert(twice.end(), 2, choice);
    twice.back().follow = false;
  }
  return twice;
}

std::vector<ResolvedShapes> SizeSystem::candidates() const {
  std::vector<ResolvedShapes> candidates;
  std::set<InputShapes> seen;
  for (const Choice& choice : choices()) {
    if (candidates.size() == kMaxCandidates) break;
    auto shapes = resolve(choice);
    if (shapes && seen.insert(shapes->sizes()).second) candidates.push_back(std::move(*shapes));
  }
  return candidates;
}

InputShapes SizeSystem::example() const {
  Choice choice = choices().front();
  choice.is_example = true;
  return resolve(choice)->sizes();
}

}  // namespace dnnbench
