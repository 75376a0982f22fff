#include "fleet/batch_script.h"

#include <fmt/format.h>

#include "fleet/shell_words.h"

namespace dnnbench {
namespace {

// After #SBATCH lines and the assignments below. States are read by fleet/node_report.h.
constexpr const char* kBody = R"script(
[ -d "$state" ] || exit 66  # the folder isn't shared with this node
mkdir -p "$output"
exec >>"$state/job.log" 2>&1
exec 9>"$state/lock" && flock 9  # a second job of this machine type waits, and finds all done

# report WORD...: one line that a reader sees whole or not at all.
report() { printf '%s\n' "$*" >"$state/report.$$" && mv "$state/report.$$" "$state/report"; }

# A node of another architecture builds a copy of its own, in a cache of its own.
use_own_build() {
  [ -n "$repository" ] || { report lacks "a build for $(uname -m)"; exit 1; }
  export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench/on-$(uname -m)"
  local copy=$XDG_CACHE_HOME/source
  mkdir -p "$XDG_CACHE_HOME"
  if [ ! -d "$copy" ]; then
    report preparing "a build for $(uname -m)"
    mkdir -p "$copy.$$" && tar -C "$repository" --exclude=./build --exclude=./.git -cf - . |
      tar -C "$copy.$$" -xf - && mv -T "$copy.$$" "$copy" 2>/dev/null
  fi
  program=$copy/dnnbench
}

# measure INDEX KEY NAME MODEL: unless it was measured before.
measure() {
  [ ! -e "$state/$2.done" ] || return 0
  report measuring "$1" "$3"
  rm -f "$state/$2.failed"
  touch "$state/started"
  local code=0
  "$program" run "$4" "${flags[@]}" --output="$output" --instance="$instance" >"$state/$2.out" 2>"$state/$2.err" ||
    code=$?
  if { [ "$code" -le 1 ] || [ "$code" -eq 5 ]; } && [ -n "$(find "$output" -name "*.json" -newer "$state/started" -print -quit)" ]; then
    printf '%s\n' "$code" >"$state/$2.done.$$" && mv "$state/$2.done.$$" "$state/$2.done"
  else
    tail -n 1 "$state/$2.err" >"$state/$2.failed"
    [ -s "$state/$2.failed" ] || echo "dnnbench ended with status $code" >"$state/$2.failed"
  fi
}

[ "$(uname -m)" = "$architecture" ] || use_own_build
)script";

}  // namespace

std::string fill_template(const std::string& text, const std::string& instance) {
  constexpr std::string_view kPlace = "{instance}";
  std::string filled = text;
  for (size_t at = 0; (at = filled.find(kPlace, at)) != std::string::npos; at += instance.size()) {
    filled.replace(at, kPlace.size(), instance);
  }
  return filled;
}

std::string batch_script(const FleetPlan& plan, const std::string& instance) {
  std::string text = fmt::format(
      "#!/bin/bash\n#SBATCH --job-name=dnnbench-{}\n#SBATCH --nodes=1 --exclusive --requeue\n"
      "#SBATCH --output=/dev/null\n",
      instance);
  if (!plan.partition.empty()) {
    text += fmt::format("#SBATCH --partition={}\n", fill_template(plan.partition, instance));
  }
  if (!plan.constraint.empty()) {
    text += fmt::format("#SBATCH --constraint={}\n", fill_template(plan.constraint, instance));
  }
  const auto assign = [&](const char* name, const std::string& value) {
    text += fmt::format("{}={}\n", name, shell_quoted(value));
  };
  assign("instance", instance);
  assign("output", plan.output + "/" + instance);
  assign("state", plan.state + "/" + instance);
  assign("program", plan.program);
  assign("repository", plan.repository);
  assign("architecture", plan.architecture);
  text += fmt::format("flags=({})\n", shell_words(plan.flags));
  text += kBody;
  for (size_t i = 0; i < plan.models.size(); ++i) {
    const FleetModel& model = plan.models[i];
    text += fmt::format("measure {} {} {} {}\n", i + 1, shell_quoted(model.key),
                        shell_quoted(model.name), shell_quoted(model.argument));
  }
  return text + "report ended\n";
}

}  // namespace dnnbench
