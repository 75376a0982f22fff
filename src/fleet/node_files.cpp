#include "fleet/node_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "fleet/run_command.h"
#include "fleet/shell_words.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// After the assignments below. `remote` runs a line of shell in the job's folder on its node.
constexpr const char* kExchange = R"script(
set -o pipefail
remote() { "${on_node[@]}" bash -c 'cd "${XDG_CACHE_HOME:-$HOME/.cache}/dnn-bench/fleet/'"$fleet"'" 2>/dev/null || exit 3; '"$1"; }
there=$(remote '[ -e wants ] && echo wants || echo has' </dev/null) || exit 3
stage=$(mktemp -d) || exit 4
trap 'rm -rf "$stage"' EXIT

send() {
  ln -s "$program_folder" "$stage/program" && mkdir "$stage/state" "$stage/models"
  cp "$state"/*.done "$stage/state" 2>/dev/null
  local i
  for i in "${!files[@]}"; do
    mkdir -p "$stage/models/${keys[i]}" && ln -s "${files[i]}" "$stage/models/${keys[i]}/"
  done
  tar -C "$stage" --dereference --exclude=./program/build --exclude=./program/.git -cf - . |
    remote 'tar -xf - && rm -f wants && : >sent'
}

# Results come before what says that they are there.
collect() {
  remote 'tar -cf - state output' </dev/null | tar -C "$stage" -xf - || return
  mkdir -p "$output"
  cp -a "$stage/output/." "$output" && cp -a "$stage/state/." "$state" || return
  case $(head -c 5 "$state/report" 2>/dev/null) in
    ended | unfit) remote ': >collected' </dev/null ;;
  esac
}

if [ "$there" = wants ]; then send; else collect; fi || exit 4
: >"$state/unshared"
)script";

}  // namespace

bool exchange_files(const FleetPlan& plan, const std::string& instance,
                    const std::vector<std::string>& on_node) {
  const fs::path program = fs::path(plan.program).parent_path();
  std::vector<std::string> keys, files;
  for (const FleetModel& model : plan.models) {
    for (const std::string& file : model.files) {
      keys.push_back(model.key);
      files.push_back(file);
    }
  }
  const std::string script = fmt::format(
      "fleet={}\nstate={}\noutput={}\nprogram_folder={}\non_node=({})\nkeys=({})\nfiles=({}){}",
      fleet_key(plan), shell_quoted(plan.state + "/" + instance),
      shell_quoted(plan.output + "/" + instance), shell_quoted(program), shell_words(on_node),
      shell_words(keys), shell_words(files), kExchange);
  return run_command({"bash", "-c", script}).code == 0;
}

bool is_unshared(const FleetPlan& plan, const std::string& instance) {
  return fs::exists(fs::path(plan.state) / instance / "unshared");
}

}  // namespace dnnbench
