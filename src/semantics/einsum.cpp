#include "semantics/einsum.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

constexpr char kEllipsis[] = "...";

[[noreturn]] void refuse(const std::string& equation, const std::string& why) {
  throw Unsupported("its equation \"" + equation + "\" " + why);
}

std::string without_spaces(const std::string& text) {
  std::string result;
  std::copy_if(text.begin(), text.end(), std::back_inserter(result),
               [](unsigned char c) { return std::isspace(c) == 0; });
  return result;
}

bool has(const EinsumTerm& term, char letter) {
  return term.letters.find(letter) != std::string::npos;
}

bool has_ellipsis(const std::vector<EinsumTerm>& terms) {
  return std::any_of(terms.begin(), terms.end(),
                     [](const EinsumTerm& term) { return term.ellipsis.has_value(); });
}

EinsumTerm read_term(const std::string& text, const std::string& equation) {
  EinsumTerm term;
  for (size_t i = 0; i < text.size(); ++i) {
    if (std::isalpha(static_cast<unsigned char>(text[i])) != 0) {
      term.letters += text[i];
    } else if (!term.ellipsis && text.compare(i, 3, kEllipsis) == 0) {
      term.ellipsis = term.letters.size();
      i += 2;
    } else {
      refuse(equation, "has other labels than letters and one \"...\" per operand");
    }
  }
  return term;
}

EinsumTerm implicit_output(const std::vector<EinsumTerm>& operands) {
  std::map<char, size_t> occurrences;
  for (const EinsumTerm& operand : operands) {
    for (const char letter : operand.letters) ++occurrences[letter];
  }
  EinsumTerm output;
  for (const auto& [letter, count] : occurrences) {
    if (count == 1) output.letters += letter;
  }
  if (has_ellipsis(operands)) output.ellipsis = 0;
  return output;
}

void check_output(const Einsum& einsum, const std::string& equation) {
  const EinsumTerm& output = einsum.output;
  for (const char letter : output.letters) {
    const bool named = std::any_of(einsum.operands.begin(), einsum.operands.end(),
                                   [&](const EinsumTerm& term) { return has(term, letter); });
    if (!named) refuse(equation, "has a letter in its output that no operand has");
    if (std::count(output.letters.begin(), output.letters.end(), letter) > 1) {
      refuse(equation, "has a letter twice in its output");
    }
  }
  if (!output.ellipsis && has_ellipsis(einsum.operands)) {
    refuse(equation, "has no \"...\" in its output");
  }
}

}  // namespace

std::string EinsumTerm::text() const {
  std::string result = letters;
  if (ellipsis) result.insert(*ellipsis, kEllipsis);
  return result;
}

std::string Einsum::equation() const {
  std::string result;
  for (const EinsumTerm& operand : operands) {
    if (&operand != &operands.front()) result += ",";
    result += operand.text();
  }
  return result + "->" + output.text();
}

Einsum read_einsum(const import::Node& node) {
  const std::string equation = node.text("equation", "");
  const std::string text = without_spaces(equation);
  const size_t arrow = text.find("->");
  const std::string left = text.substr(0, arrow);
  Einsum einsum;
  for (size_t begin = 0; begin <= left.size();) {
    const size_t end = std::min(left.find(',', begin), left.size());
    einsum.operands.push_back(read_term(left.substr(begin, end - begin), equation));
    begin = end + 1;
  }
  if (einsum.operands.size() != node.inputs.size()) {
    refuse(equation, "has not as many operands as the node has inputs");
  }
  einsum.output = arrow == std::string::npos ? implicit_output(einsum.operands)
                                             : read_term(text.substr(arrow + 2), equation);
  check_output(einsum, equation);
  if (!has_ellipsis(einsum.operands)) einsum.output.ellipsis.reset();
  return einsum;
}

EinsumTerm pair_output(const EinsumTerm& a, const EinsumTerm& b,
                       const std::vector<EinsumTerm>& needed) {
  EinsumTerm kept;
  for (const char letter : a.letters + b.letters) {
    const bool is_needed = std::any_of(needed.begin(), needed.end(),
                                       [&](const EinsumTerm& term) { return has(term, letter); });
    if (is_needed && !has(kept, letter)) kept.letters += letter;
  }
  if (a.ellipsis || b.ellipsis) kept.ellipsis = 0;
  return kept;
}

}  // namespace dnnbench::semantics
