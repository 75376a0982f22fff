#include "fleet/batch_script.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/sha256.h"
#include "fleet/shell_words.h"

namespace dnnbench {
namespace {

// After #SBATCH lines and the assignments below. States are read by fleet/node_report.h.
constexpr const char* kBody = R"script(
# On a node that does not see the folder: waits for what the machine that submitted sends.
use_sent_files() {
  local i
  unshared=${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench/fleet/$fleet
  state=$unshared/state output=$unshared/output
  rm -f "$unshared/sent" "$unshared/collected" "$state/report"
  mkdir -p "$state" "$output" && : >"$unshared/wants" || exit 66
  for ((i = 0; i < patience_s; ++i)); do
    [ ! -e "$unshared/sent" ] || break
    sleep 1
  done
  [ -e "$unshared/sent" ] || exit 66
  program=$unshared/program/${program##*/}
  repository=${repository:+$unshared/program}
}

# What was measured is still on this node until it is collected.
wait_until_collected() {
  local i
  for ((i = 0; i < patience_s; ++i)); do
    [ -e "$unshared/collected" ] || { sleep 1; continue; }
    rm -rf "$unshared"
    return
  done
}

unshared=
patience_s=600
[ -d "$state" ] || use_sent_files
mkdir -p "$output"
exec >>"$state/job.log" 2>&1
exec 9>"$state/lock" && flock 9  # a second job of this machine type waits, and finds all done

# report WORD...: one line that a reader sees whole or not at all.
report() { printf '%s\n' "$*" >"$state/report.$$" && mv "$state/report.$$" "$state/report"; }

# refuse WORD...: what the node is or lacks.
refuse() {
  report unfit "$*"
  [ -z "$unshared" ] || wait_until_collected
  exit 1
}

# A virtual machine of EC2 says its type. What another one measures is not of this type.
dmi=/sys/class/dmi/id
check_instance() {
  local vendor actual
  vendor=$(cat "$dmi/sys_vendor" 2>/dev/null)
  actual=$(cat "$dmi/product_name" 2>/dev/null)
  [ "$vendor" = "Amazon EC2" ] && [ -n "$actual" ] && [ "$actual" != "$instance" ] || return 0
  refuse "is a $actual, not a $instance; choose nodes of that type with --constraint or --partition"
}

# What a build needs, and no more: a log or results beside it are no reason to build again.
sources=(CMakeLists.txt CMakePresets.json catalogue cmake dnnbench engines models setup src tests vis)

# A node of another architecture builds a copy of its own, in a cache of its own. Its name comes from
# what is in it, so changed sources get a new one, and jobs that use the earlier one go on with that.
use_own_build() {
  [ -n "$repository" ] || refuse "lacks a build for $(uname -m)"
  export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench/on-$(uname -m)"
  local copy named
  report preparing "a build for $(uname -m)"
  mkdir -p "$XDG_CACHE_HOME" && copy=$(mktemp -d "$XDG_CACHE_HOME/source.XXXXXXXX") || exit 1
  tar -C "$repository" --exclude=__pycache__ -cf - "${sources[@]}" | tar -C "$copy" -xf -
  named=$XDG_CACHE_HOME/source-$(tar -C "$copy" --sort=name --mtime=@0 --owner=0 --group=0 -cf - . | sha256sum | head -c 16)
  mv -T "$copy" "$named" 2>/dev/null || rm -rf "$copy"
  program=$named/dnnbench
}

# measure INDEX KEY NAME MODEL FILE: unless it was measured before. KEY.done has the exit status, then
# the names of the results.
measure() {
  [ ! -e "$state/$2.done" ] || return 0
  report measuring "$1" "$3"
  rm -f "$state/$2.failed"
  touch "$state/started"
  local code=0 model=$4 results
  [ -z "$unshared" ] || model=$unshared/models/$2/$5
  "$program" run "$model" "${flags[@]}" --output="$output" --instance="$instance" >"$state/$2.out" 2>"$state/$2.err" ||
    code=$?
  case $code in 130 | 143) exit "$code" ;; esac  # interrupted: put back, the job measures it again
  results=$(find "$output" -name "*.json" -newer "$state/started" -printf '%P\n')
  if { [ "$code" -le 1 ] || [ "$code" -eq 5 ]; } && [ -n "$results" ]; then
    printf '%s\n' "$code" "$results" >"$state/$2.done.$$" && mv "$state/$2.done.$$" "$state/$2.done"
  else
    tail -n 1 "$state/$2.err" >"$state/$2.failed"
    [ -s "$state/$2.failed" ] || echo "dnnbench ended with status $code" >"$state/$2.failed"
  fi
}

check_instance
[ "$(uname -m)" = "$architecture" ] || use_own_build
)script";

constexpr std::string_view kPlace = "{instance}";

}  // namespace

bool names_instance(const std::string& text) { return text.find(kPlace) != std::string::npos; }

std::string fill_template(const std::string& text, const std::string& instance) {
  std::string filled = text;
  for (size_t at = 0; (at = filled.find(kPlace, at)) != std::string::npos; at += instance.size()) {
    filled.replace(at, kPlace.size(), instance);
  }
  return filled;
}

std::string fleet_key(const FleetPlan& plan) { return sha256_of_text(plan.state).substr(0, 16); }

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
  assign("fleet", fleet_key(plan));
  assign("output", plan.output + "/" + instance);
  assign("state", plan.state + "/" + instance);
  assign("program", plan.program);
  assign("repository", plan.repository);
  assign("architecture", plan.architecture);
  text += fmt::format("flags=({})\n", shell_words(plan.flags));
  text += kBody;
  for (size_t i = 0; i < plan.models.size(); ++i) {
    const FleetModel& model = plan.models[i];
    const std::string file =
        model.files.empty() ? "" : std::filesystem::path(model.files[0]).filename().string();
    text += fmt::format("measure {} {} {} {} {}\n", i + 1, shell_quoted(model.key),
                        shell_quoted(model.name), shell_quoted(model.argument), shell_quoted(file));
  }
  return text + "report ended\n[ -z \"$unshared\" ] || wait_until_collected\n";
}

}  // namespace dnnbench
