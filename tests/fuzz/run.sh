#!/usr/bin/env bash
# run.sh [SECONDS [TARGET...]]: searches for inputs that break a parser, with libFuzzer and the
# address and undefined-behaviour sanitizers, so long for each target (60 s; all of them). Starts from
# corpus/ and from what earlier searches kept in build/fuzz/found. A fault's input is kept in
# build/fuzz/faults and named; put a small one into corpus/TARGET once it is mended.
# shellcheck source=setup/lib.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../setup/lib.sh"
# shellcheck source=setup/packages.sh
source "$repository/setup/packages.sh"

seconds=${1:-60}
shift || true
cd "$repository"
require toolchain fuzzer
setup/build_with_engines.sh fuzz dnnbench-fuzz

# A target is a folder of the corpus.
targets=("$@")
((${#targets[@]} > 0)) || targets=(tests/fuzz/corpus/*/)
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
[[ ! -w /dev/shm ]] || export TMPDIR=/dev/shm # targets write each input to a file
status=0
for target in "${targets[@]##*corpus/}"; do
  target=${target%/}
  mkdir -p "build/fuzz/found/$target" "build/fuzz/faults"
  log=build/fuzz/$target.log
  DNNBENCH_FUZZ=$target build/fuzz/bin/dnnbench-fuzz -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 -artifact_prefix="build/fuzz/faults/$target-" \
    "build/fuzz/found/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1 || status=1
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if grep -q 'Test unit written to' "$log"; then
    printf '%-10s %9s inputs, a fault: %s; the report is in %s\n' "$target" "$runs" \
      "$(sed -n 's/.*Test unit written to //p' "$log")" "$log"
  else
    printf '%-10s %9s inputs, no fault\n' "$target" "$runs"
  fi
done
exit "$status"
