#include "measure/turn_json.h"

#include <cmath>
#include <limits>

namespace dnnbench {
namespace {

using nlohmann::json;

std::optional<double> finite(double value) {
  return std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}

double read_number(const json& from) {
  return from.is_null() ? std::numeric_limits<double>::infinity() : from.get<double>();
}

}  // namespace

void to_json(json& to, const Accuracy& accuracy) {
  to = {{"samples", accuracy.samples},
        {"given", accuracy.given},
        {"median_error", finite(accuracy.median_error)},
        {"max_error", finite(accuracy.max_error)},
        {"min_cosine", accuracy.min_cosine},
        {"top1_agreement", accuracy.top1_agreement},
        {"drop", accuracy.drop},
        {"no_drop", accuracy.no_drop}};
}

void from_json(const json& from, Accuracy& accuracy) {
  from.at("samples").get_to(accuracy.samples);
  from.at("given").get_to(accuracy.given);
  accuracy.median_error = read_number(from.at("median_error"));
  accuracy.max_error = read_number(from.at("max_error"));
  from.at("min_cosine").get_to(accuracy.min_cosine);
  from.at("top1_agreement").get_to(accuracy.top1_agreement);
  from.at("drop").get_to(accuracy.drop);
  from.at("no_drop").get_to(accuracy.no_drop);
}

}  // namespace dnnbench
