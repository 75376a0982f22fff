#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "verify/class_rule.h"
#include "verify/compare_values.h"
#include "verify/judge_tensor.h"

namespace dnnbench {
namespace {

void keep_largest(std::optional<double>& kept, double value) {
  kept = std::max(kept.value_or(value), value);
}

void keep_smallest(std::optional<double>& kept, double value) {
  kept = std::min(kept.value_or(value), value);
}

bool is_worse(Verdict verdict, Verdict than) {
  const auto badness = [](Verdict v) {
    return v == Verdict::kOk ? 0 : v == Verdict::kUnverified ? 1 : 2;
  };
  return badness(verdict) > badness(than);
}

// Gathers the judgements of all tensors: the worst verdict with its first reason, and the worst of
// each measure.
class Summary {
 public:
  void add(const Judgement& judgement) {
    add(judgement.verdict, judgement.reason);
    if (judgement.difference) {
      keep_largest(result_.max_abs_error, judgement.difference->max_abs);
      keep_largest(result_.max_rel_error, judgement.difference->largest);
      keep_largest(result_.norm_error, judgement.difference->norm);
      keep_smallest(result_.cosine, judgement.difference->cosine);
    }
    if (judgement.differing) {
      const auto count = static_cast<int64_t>(*judgement.differing);
      result_.differing_elements = result_.differing_elements.value_or(0) + count;
    }
    if (result_.tolerance && judgement.strain <= strain_) return;
    strain_ = judgement.strain;
    result_.tolerance = judgement.tolerance;
    result_.smallest_detected_error = judgement.smallest_detected_error;
  }

  void add(Verdict verdict, const std::string& reason) {
    if (!is_worse(verdict, result_.verdict)) return;
    result_.verdict = verdict;
    result_.reason = reason;
  }

  void add_top1(std::optional<double> agreement) {
    if (agreement) keep_smallest(result_.top1_agreement, *agreement);
  }

  const Verification& result() const { return result_; }

 private:
  Verification result_{.verdict = Verdict::kOk};
  double strain_ = 0;
};

// Where rounding may explain what differs, that can't show that an engine is wrong.
Judgement excuse(Judgement judgement, const std::string& why) {
  if (judgement.verdict != Verdict::kWrong || why.empty()) return judgement;
  judgement.verdict = Verdict::kUnverified;
  judgement.reason.pop_back();  // the full stop
  judgement.reason += "; but " + why + ".";
  return judgement;
}

// Rounding may change how many are found, not what they are.
bool are_of_one_kind(const Value& a, const Value& b) {
  if ((!a.name.empty() && a.name != b.name) || a.kind != b.kind) return false;
  for (size_t i = 0; i < std::min(a.tensors.size(), b.tensors.size()); ++i) {
    const Tensor &one = a.tensors[i], &other = b.tensors[i];
    if (one.type != other.type || one.shape.size() != other.shape.size()) return false;
  }
  return true;
}

class OutputJudge {
 public:
  OutputJudge(const Reference& reference, size_t position, ToleranceClass requested)
      : reference_(reference),
        position_(position),
        class_(std::max(requested, reference.model_class)),
        probes_(reference.coarse.find(class_)) {}

  void judge(const Value& got, Summary& summary) const {
    const Value& expected = reference_.outputs[position_];
    const std::string mismatch = describe_mismatch(expected, got, position_);
    if (!mismatch.empty()) {
      const Judgement wrong{.verdict = Verdict::kWrong, .reason = mismatch};
      const bool may_flip = reference_.unprobed == Unprobed::kEveryKind;
      const std::string why =
          are_of_one_kind(expected, got) ? excuse_for(first_instability(), may_flip) : "";
      const Judgement excused = excuse(wrong, why);
      return summary.add(excused.verdict, excused.reason);
    }
    for (size_t i = 0; i < expected.tensors.size(); ++i) {
      const std::string name = expected.kind == Value::Kind::kSequence
                                   ? fmt::format("{} (tensor {})", got.name, i)
                                   : got.name;
      const TensorPair pair{name, expected.tensors[i], got.tensors[i], sensitivity(i)};
      for (const Judgement& judgement : judge(pair)) {
        const bool may_flip = this->may_flip(pair, judgement);
        summary.add(excuse(judgement, excuse_for(pair.sensitivity.instability, may_flip)));
      }
      summary.add_top1(top1_agreement(pair.reference, pair.got));
    }
  }

 private:
  std::vector<Judgement> judge(const TensorPair& pair) const {
    const DataType type = pair.reference.type;
    const ToleranceClass model_class = reference_.model_class;
    if (!is_numeric(type, model_class)) {
      const Tensor* scores = is_integer(type) ? find_scores(pair.reference) : nullptr;
      const ClassRule rule = rule_of(class_);
      return {judge_identity(pair, scores, rule.safety * rule.floor)};
    }
    const ToleranceClass probed = class_ == ToleranceClass::kQuantised && has_coarse()
                                      ? ToleranceClass::kQuantised
                                      : reference_.probed_class;
    // ONNX Runtime computes most of a model in f16 or bf16 in f32.
    const bool in_half =
        model_class == ToleranceClass::kF16 || model_class == ToleranceClass::kBf16;
    const Terms terms{.native = std::max(probed, class_of(type)),
                      .applied = std::max(class_, class_of(type)),
                      .expected = reference_.expected,
                      .unobserved = in_half};
    std::vector<Judgement> judgements{judge_numbers(pair, terms)};
    if (pair.sensitivity.beside_fillers) judgements.push_back(judge_beside_fillers(pair, terms));
    // Coarser rounding may leave nothing of small scores.
    if (pair.sensitivity.beside_pixels && terms.applied == ToleranceClass::kF32) {
      judgements.push_back(judge_beside_pixels(pair, terms));
    }
    return judgements;
  }

  // A model whose own output changes in kind when its inputs change in their last digits (a
  // detector that finds one box more), or that may flip where no input can be moved. Empty without.
  std::string excuse_for(const std::string& instability, bool may_flip) const {
    if (!instability.empty()) {
      return fmt::format("the reference itself {} when the inputs change {}", instability,
                         has_coarse() ? "as this precision rounds them" : "in their last digits");
    }
    return may_flip ? "no input can be moved to see whether rounding alone explains it" : "";
  }

  bool may_flip(const TensorPair& pair, const Judgement& judgement) const {
    if (judgement.difference && judgement.difference->not_finite_at) return false;
    if (reference_.unprobed != Unprobed::kDiscrete) {
      return reference_.unprobed == Unprobed::kEveryKind;
    }
    const auto count = static_cast<size_t>(pair.reference.element_count());
    return judgement.differing && *judgement.differing <= std::max<size_t>(1, count / 2);
  }

  bool has_coarse() const { return probes_ != reference_.coarse.end(); }

  // How much this output's tensors move, as far as that is known.
  const std::vector<Sensitivity>& sensitivities() const {
    static const std::vector<Sensitivity> kUnknown;  // ONNX Runtime can't compute what was given
    const Sensitivities& all = has_coarse() ? probes_->second : reference_.sensitivity;
    return position_ < all.size() ? all[position_] : kUnknown;
  }

  // The floating-point output of the same shape, which an integer output may hold the indices of.
  const Tensor* find_scores(const Tensor& indices) const {
    for (const Value& output : reference_.outputs) {
      if (output.kind != Value::Kind::kTensor || indices.shape.empty()) continue;
      const Tensor& tensor = output.tensor();
      if (is_floating_point(tensor.type) && tensor.shape == indices.shape) return &tensor;
    }
    return nullptr;
  }

  const Sensitivity& sensitivity(size_t tensor) const {
    static const Sensitivity kUnknown;
    return tensor < sensitivities().size() ? sensitivities()[tensor] : kUnknown;
  }

  std::string first_instability() const {
    for (const Sensitivity& tensor : sensitivities()) {
      if (!tensor.instability.empty()) return tensor.instability;
    }
    return "";
  }

  const Reference& reference_;
  size_t position_;
  ToleranceClass class_;  // what was asked for or the model's own, whichever is coarser
  std::map<ToleranceClass, Sensitivities>::const_iterator probes_;  // of that class
};

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWrong:
      return "wrong";
    case Verdict::kUnverified:
      return "unverified";
  }
  return "";
}

ToleranceClass tolerance_class_of(std::string_view precision) {
  if (precision == "f16" || precision == "tf32") return ToleranceClass::kF16;
  if (precision == "bf16" || precision == "mixed") return ToleranceClass::kBf16;
  return ToleranceClass::kF32;
}

Verification verify(const Reference& reference, const std::vector<Value>& outputs,
                    ToleranceClass requested) {
  if (!reference.unverifiable.empty()) {
    return {.verdict = Verdict::kUnverified, .reason = reference.unverifiable};
  }
  if (outputs.size() != reference.outputs.size()) {
    return {.verdict = Verdict::kWrong,
            .reason = fmt::format("There are {} outputs instead of {}.", outputs.size(),
                                  reference.outputs.size())};
  }
  Summary summary;
  for (size_t i = 0; i < outputs.size(); ++i) {
    OutputJudge(reference, i, requested).judge(outputs[i], summary);
  }
  if (!has_elements(reference.outputs)) {
    summary.add(Verdict::kUnverified,
                "No output has an element for these inputs, so nothing was compared; give other "
                "inputs with --input or --test-data.");
  }
  return summary.result();
}

}  // namespace dnnbench
