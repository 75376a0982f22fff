#include <CLI/CLI.hpp>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/find_model.h"
#include "cli/flag_values.h"
#include "cli/inspect.h"
#include "core/error.h"
#include "prepare/prepare_model.h"

namespace dnnbench {

int inspect_command(const std::vector<std::string>& arguments) {
  InspectOptions options;
  std::string model;
  std::vector<std::string> shapes;
  CLI::App app;
  app.add_option("model", model);
  add_repeatable(app, "--shape", shapes);
  app.add_flag("--json", options.json);
  parse_arguments(app, "inspect", arguments);
  if (model.empty()) throw UsageError("dnnbench inspect: no MODEL given; see --help");
  options.model = find_model(model, "inspect");
  for (const std::string& text : shapes) options.shapes.insert(parse_shape(text));
  const WorkFolder work;
  options.accepts = [&](const InputShapes& sizes) {
    return why_not_accepted(read_model(options.model), sizes, {}, work);
  };
  return run_inspect(options);
}

}  // namespace dnnbench
