// A dimension's size by arithmetic on other dimensions, as exporters write it: "2*s0", "s0 - 1",
// "past + sequence", "(s0 + 1)//2".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dnnbench {

class SizeExpression {
 public:
  using SizeOf = std::function<std::optional<int64_t>(const std::string& symbol)>;

  // nullopt for a text that is not arithmetic: a single name or number, or anything else. "/" and
  // "//" both round down.
  static std::optional<SizeExpression> parse(const std::string& text);

  // `text` is for people.
  static SizeExpression sum(const std::string& left, const std::string& right, std::string text);

  const std::string& text() const { return text_; }
  const std::set<std::string>& symbols() const { return symbols_; }
  bool has_offset() const { return has_offset_; }  // a number is added or subtracted
  bool has_number() const { return has_number_; }

  // nullopt where a symbol's size is unknown, a divisor is 0, or numbers leave int64_t.
  std::optional<int64_t> evaluate(const SizeOf& size_of) const;

  // The smallest size >= 0 of `symbol` that makes the expression `target`, the other symbols having
  // the sizes that `size_of` returns; nullopt where there is none. For expressions that never fall
  // while `symbol` grows.
  std::optional<int64_t> solve(const std::string& symbol, int64_t target,
                               const SizeOf& size_of) const;

 private:
  friend class SizeExpressionParser;

  // Of a stack machine: a symbol or number is pushed, '+', '-', '*' and '/' take two.
  struct Step {
    char operation = '#';  // '#': push `number`; 's': push the size of `symbol`
    int64_t number = 0;
    std::string symbol;
  };

  void push(Step step);

  std::string text_;
  std::vector<Step> steps_;
  std::set<std::string> symbols_;
  bool has_offset_ = false;
  bool has_number_ = false;
};

}  // namespace dnnbench
