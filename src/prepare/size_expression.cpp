#include "prepare/size_expression.h"

#include <cctype>
#include <charconv>
#include <utility>

namespace dnnbench {
namespace {

// No dimension that fits a machine is larger.
constexpr int64_t kMaxSize = int64_t{1} << 40;
constexpr int kMaxDepth = 32;

std::optional<int64_t> apply(char operation, int64_t left, int64_t right) {
  int64_t result = 0;
  switch (operation) {
    case '+':
      return __builtin_add_overflow(left, right, &result) ? std::nullopt : std::optional(result);
    case '-':
      return __builtin_sub_overflow(left, right, &result) ? std::nullopt : std::optional(result);
    case '*':
      return __builtin_mul_overflow(left, right, &result) ? std::nullopt : std::optional(result);
    default:
      if (right <= 0) return std::nullopt;
      return left >= 0 ? left / right : -((-(left + 1)) / right) - 1;
  }
}

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool continues_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == ':';
}

}  // namespace

// sum := product {("+" | "-") product};  product := operand {("*" | "/" | "//") operand};
// operand := number | name | "(" sum ")" | "floor(" sum ")".
class SizeExpressionParser {
 public:
  explicit SizeExpressionParser(const std::string& text) : text_(text) {}

  std::optional<SizeExpression> parse() {
    if (!sum(0) || at_ < text_.size() || !has_operator_ || result_.symbols_.empty()) {
      return std::nullopt;
    }
    result_.text_ = text_;
    return std::move(result_);
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  // The operator at this place if it is one of `operators`, otherwise 0.
  char take_operator(std::string_view operators) {
    skip_spaces();
    if (at_ == text_.size() || operators.find(text_[at_]) == std::string_view::npos) return 0;
    const char operation = text_[at_++];
    if (operation == '/' && at_ < text_.size() && text_[at_] == '/') ++at_;
    has_operator_ = true;
    return operation;
  }

  bool sum(int depth) {
    if (depth > kMaxDepth || !product(depth)) return false;
    while (const char operation = take_operator("+-")) {
      const bool number_before = result_.steps_.back().operation == '#';
      if (!product(depth)) return false;
      if (number_before || result_.steps_.back().operation == '#') result_.has_offset_ = true;
      result_.push({operation, 0, ""});
    }
    return true;
  }

  bool product(int depth) {
    if (!operand(depth)) return false;
    while (const char operation = take_operator("*/")) {
      if (!operand(depth)) return false;
      result_.push({operation, 0, ""});
    }
    return true;
  }

  bool operand(int depth) {
    skip_spaces();
    if (at_ == text_.size()) return false;
    if (text_.compare(at_, 6, "floor(") == 0) at_ += 5;
    if (text_[at_] == '(') {
      ++at_;
      if (!sum(depth + 1)) return false;
      skip_spaces();
      const bool closed = at_ < text_.size() && text_[at_++] == ')';
      skip_spaces();
      return closed;
    }
    const bool taken = starts_name(text_[at_]) ? name() : number();
    skip_spaces();
    return taken;
  }

  bool name() {
    const size_t start = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    result_.push({'s', 0, text_.substr(start, at_ - start)});
    return true;
  }

  bool number() {
    int64_t value = 0;
    const auto [next, error] = std::from_chars(&text_[at_], text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) return false;
    at_ = static_cast<size_t>(next - text_.data());
    result_.push({'#', value, ""});
    return true;
  }

  const std::string& text_;
  size_t at_ = 0;
  bool has_operator_ = false;
  SizeExpression result_;
};

void SizeExpression::push(Step step) {
  if (step.operation == 's') symbols_.insert(step.symbol);
  if (step.operation == '#') has_number_ = true;
  steps_.push_back(std::move(step));
}

std::optional<SizeExpression> SizeExpression::parse(const std::string& text) {
  return SizeExpressionParser(text).parse();
}

SizeExpression SizeExpression::sum(const std::string& left, const std::string& right,
                                   std::string text) {
  SizeExpression expression;
  expression.text_ = std::move(text);
  expression.push({'s', 0, left});
  expression.push({'s', 0, right});
  expression.push({'+', 0, ""});
  return expression;
}

std::optional<int64_t> SizeExpression::evaluate(const SizeOf& size_of) const {
  std::vector<int64_t> stack;
  for (const Step& step : steps_) {
    std::optional<int64_t> value = step.number;
    if (step.operation == 's') {
      value = size_of(step.symbol);
    } else if (step.operation != '#') {
      const int64_t right = stack.back();
      stack.pop_back();
      value = apply(step.operation, stack.back(), right);
      stack.pop_back();
    }
    if (!value) return std::nullopt;
    stack.push_back(*value);
  }
  return stack.back();
}

std::optional<int64_t> SizeExpression::solve(const std::string& symbol, int64_t target,
                                             const SizeOf& size_of) const {
  const auto value_at = [&](int64_t size) {
    return evaluate([&](const std::string& name) {
      return name == symbol ? std::optional(size) : size_of(name);
    });
  };
  int64_t low = 0, high = kMaxSize;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const std::optional<int64_t> value = value_at(middle);
    if (!value || *value >= target) {  // overflow lies above every target
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return value_at(low) == target ? std::optional(low) : std::nullopt;
}

}  // namespace dnnbench
