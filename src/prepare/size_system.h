// The open dimensions of a model's inputs as a small system: a variable for each size that is free,
// and what is known of them.
//   - Dimensions of one symbol have one size. Where the user gives two, the symbol is dropped.
//   - "2*s0", "past + sequence" hold, and a decoder's mask covers its past and its sequence.
//   - A size that the user gives is kept whatever the names say.
//   - Dimensions of one place in two inputs probably belong together.
// Sizes that are left have usual values by their kind (prepare/dimension_habits.h).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "onnx/model.h"
#include "onnx/shapes.h"
#include "prepare/dimension_habits.h"
#include "prepare/size_expression.h"

namespace dnnbench {

class SizeSystem {
 public:
  // `model` must outlive this. `given` fits it and has every input whose rank it does not state.
  SizeSystem(const Model& model, const InputShapes& given);

  // False when no input has an open batch. Throws UsageError for shapes that contradict it.
  bool set_batch(int64_t batch);

  // Shapes that keep all that is known, the most usual first, none twice: of those, one that the
  // graph accepts is to be found. Empty where nothing fits.
  std::vector<ResolvedShapes> candidates() const;

  // Inputs with a size that nothing suggests; for those there are no candidates.
  std::vector<std::string> unsuggested() const;

  // Shapes to show in a message, whether they fit or not.
  InputShapes example() const;

 private:
  struct Suggestion {
    int64_t size = 0;
    std::string reason;
  };
  struct Variable {
    DimensionKind kind = DimensionKind::kLength;
    bool is_telling = false;   // its kind is said by its name
    bool is_in_input = false;  // not in expressions only
    bool has_offset = false;   // another size is so much larger or smaller: "s0 - 1"
    std::optional<int64_t> size;
    SizeSource source = SizeSource::kChosen;
    std::string reason;
    std::optional<Suggestion> suggestion;  // to be tried before usual sizes
  };
  struct OpenDimension {
    const ModelValue* input;
    size_t axis;
    std::string variable;  // "" where `expression` says the size
    std::optional<SizeExpression> expression;
    std::optional<int64_t> given;

    const std::string& symbol() const { return (*input->dimensions)[axis].symbol; }
  };
  // A size for each kind, and whether suggestions are followed.
  struct Choice {
    std::map<DimensionKind, int64_t> sizes;
    bool follow = true;
    bool is_example = false;  // any size will do
  };

  void build();
  void add_dimension(const ModelValue& input, size_t axis, const std::set<std::string>& names);
  void add_variable(const std::string& key, const ModelValue& input, size_t axis,
                    const SizeExpression* within);
  void tell_lengths_from_batches();
  void relate_totals();
  std::optional<std::string> find_past();
  std::optional<std::string> find_sequence();
  bool take_given();
  void solve_given_expressions();
  void suggest_partners();
  std::optional<Suggestion> partner_of(const OpenDimension& dimension) const;
  std::optional<int64_t> size_of(const std::string& key, const Choice& choice) const;
  std::optional<ResolvedDimension> resolve(const OpenDimension& dimension,
                                           const Choice& choice) const;
  std::optional<ResolvedShapes> resolve(const Choice& choice) const;
  std::vector<Choice> choices() const;
  bool is_unsuggested(const Variable& variable) const;

  const Model& model_;
  InputShapes given_;
  std::set<std::string> dropped_;  // symbols
  std::map<std::string, Variable> variables_;
  std::vector<OpenDimension> dimensions_;
  std::vector<std::string> notes_;
};

}  // namespace dnnbench
