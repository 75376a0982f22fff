#include "cli/inspect.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/layout.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/printable.h"
#include "results/or_null.h"

namespace dnnbench {
namespace {

using nlohmann::ordered_json;

// "102,583,340".
std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return digits;
}

std::string operator_name(const OperatorCount& count) {
  return count.domain.empty() ? count.type : count.domain + "." + count.type;
}

std::string domain_name(const std::string& domain) { return domain.empty() ? "ai.onnx" : domain; }

const std::vector<ResolvedDimension>* resolved(const std::optional<ResolvedShapes>& shapes,
                                               const std::string& input) {
  if (!shapes) return nullptr;
  const auto found = shapes->inputs.find(input);
  return found == shapes->inputs.end() ? nullptr : &found->second;
}

bool has_open_dimension(const ModelValue& value) {
  return !value.dimensions ||
         std::any_of(value.dimensions->begin(), value.dimensions->end(),
                     [](const Dimension& dimension) { return !dimension.size; });
}

std::string line(const std::string& label, const std::string& text) {
  return fmt::format("{:<10}{}\n", label, printable(text));
}

std::string opsets_text(const Model& model) {
  std::string text;
  for (const auto& [domain, version] : model.opsets) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", domain_name(domain), version);
  }
  return text;
}

// "data  float32[N,3,224,224]  measured as 1x3x224x224 (N set to 1)".
std::string input_text(const ModelValue& input, const std::optional<ResolvedShapes>& shapes) {
  std::string text = fmt::format("  {}  {}", printable(input.name), printable(describe(input)));
  if (!has_open_dimension(input)) return text + "\n";
  const auto* dimensions = resolved(shapes, input.name);
  if (dimensions == nullptr) return text + "  dynamic\n";
  return text + "  measured as " + printable(describe(*dimensions)) + "\n";
}

std::string operators_text(const Model& model) {
  size_t widest = 0;
  for (const OperatorCount& count : model.operators) {
    widest = std::max(widest, operator_name(count).size());
  }
  std::string text = fmt::format("operators ({} nodes)\n", grouped(model.node_count));
  for (const OperatorCount& count : model.operators) {
    text += fmt::format("  {:<{}}  {:>6}\n", printable(operator_name(count)), widest, count.count);
  }
  return text;
}

std::string list_text(const std::string& title, const std::vector<std::string>& entries) {
  if (entries.empty()) return "";
  std::string text = title + "\n";
  for (const std::string& entry : entries) text += "  " + printable(entry) + "\n";
  return text;
}

// Absent values become null.
ordered_json dimensions_json(const ModelValue& value) {
  if (!value.dimensions) return nullptr;
  ordered_json dimensions = ordered_json::array();
  for (const Dimension& dimension : *value.dimensions) {
    dimensions.push_back({{"size", or_null(dimension.size)}, {"symbol", dimension.symbol}});
  }
  return dimensions;
}

ordered_json value_json(const ModelValue& value) {
  return {{"name", value.name},
          {"kind", std::string(to_string(value.kind))},
          {"type", type_text(value)},
          {"dimensions", dimensions_json(value)}};
}

ordered_json input_json(const Model& model, const ModelValue& input,
                        const std::optional<ResolvedShapes>& shapes) {
  ordered_json json = value_json(input);
  json["measured_as"] = nullptr;
  if (const auto* dimensions = resolved(shapes, input.name)) {
    json["measured_as"] = ordered_json::array();
    for (const ResolvedDimension& dimension : *dimensions) {
      json["measured_as"].push_back(
          {{"size", dimension.size}, {"source", std::string(to_string(dimension.source))}});
    }
  }
  const auto range = model.input_ranges.find(input.name);
  json["range"] = range == model.input_ranges.end()
                      ? ordered_json(nullptr)
                      : ordered_json{range->second.low, range->second.high};
  return json;
}

std::optional<ResolvedShapes> try_shapes(const Model& model, const InspectOptions& options) {
  std::string refusal = "no engine is there to try sizes on";
  const AcceptsShapes accepts = [&](const InputShapes& shapes) {
    return options.accepts ? options.accepts(shapes) : refusal;
  };
  try {
    return choose_sizes(model, options.shapes, accepts);
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    if (options.accepts) fmt::print(stderr, "{}\n", error.what());
    return std::nullopt;
  }
}

}  // namespace

std::string inspect_text(const Model& model, const std::optional<ResolvedShapes>& shapes) {
  std::string text = line("model", model.path);
  text += line("file", grouped(model.file_bytes) + " bytes");
  text += line("format", fmt::format("ONNX IR version {}", model.ir_version));
  text += line("opsets", opsets_text(model));
  text += line("producer", model.producer.empty() ? "not stated" : model.producer);
  text += line("weights", fmt::format("{} elements, {} bytes", grouped(model.weight_elements),
                                      grouped(model.weight_bytes)));
  text += "inputs\n";
  for (const ModelValue& input : model.inputs) text += input_text(input, shapes);
  text += "outputs\n";
  for (const ModelValue& output : model.outputs) {
    text += fmt::format("  {}  {}\n", printable(output.name), printable(describe(output)));
  }
  text += list_text("weight files", model.external_files);
  text += list_text("random operators, which make outputs unverifiable", model.random_operators);
  return text + operators_text(model);
}

std::string inspect_json(const Model& model, const std::optional<ResolvedShapes>& shapes) {
  ordered_json json{{"model_path", model.path},
                    {"file_bytes", model.file_bytes},
                    {"ir_version", model.ir_version},
                    {"opsets", ordered_json::object()},
                    {"producer", model.producer},
                    {"weight_elements", model.weight_elements},
                    {"weight_bytes", model.weight_bytes},
                    {"inputs", ordered_json::array()},
                    {"outputs", ordered_json::array()},
                    {"weight_files", model.external_files},
                    {"random_operators", model.random_operators},
                    {"node_count", model.node_count},
                    {"operators", ordered_json::array()}};
  for (const auto& [domain, version] : model.opsets) json["opsets"][domain_name(domain)] = version;
  for (const ModelValue& input : model.inputs) {
    json["inputs"].push_back(input_json(model, input, shapes));
  }
  for (const ModelValue& output : model.outputs) json["outputs"].push_back(value_json(output));
  for (const OperatorCount& count : model.operators) {
    json["operators"].push_back(
        {{"domain", domain_name(count.domain)}, {"type", count.type}, {"count", count.count}});
  }
  // Names in a broken file may be any bytes.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

int run_inspect(const InspectOptions& options) {
  const Model model = read_model(options.model);
  const std::optional<ResolvedShapes> shapes = try_shapes(model, options);
  fmt::print("{}", options.json ? inspect_json(model, shapes)
                                : wrapped(inspect_text(model, shapes), width_of(STDOUT_FILENO)));
  return kExitOk;
}

}  // namespace dnnbench
