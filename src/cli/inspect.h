// `dnnbench inspect`: what a model is, as text or JSON. The functions that make the text are apart
// from the one that prints so that tests can compare it.
#pragma once

#include <optional>
#include <string>

#include "onnx/model.h"
#include "onnx/shapes.h"
#include "prepare/choose_sizes.h"

namespace dnnbench {

struct InspectOptions {
  std::string model;      // path
  InputShapes shapes;     // --shape
  bool json = false;      // --json
  AcceptsShapes accepts;  // empty: no engine to try sizes on, open dimensions stay dynamic
};

// Absent shapes: open dimensions are shown as dynamic.
std::string inspect_text(const Model& model, const std::optional<ResolvedShapes>& shapes);

// Two-space indented, with a final newline. Sizes in bytes.
std::string inspect_json(const Model& model, const std::optional<ResolvedShapes>& shapes);

// Reads the model and prints it on stdout; returns the exit code. Throws as read_model and
// choose_sizes do, except that sizes which nothing accepts are shown as dynamic, with the reason
// on stderr.
int run_inspect(const InspectOptions& options);

}  // namespace dnnbench
