# shellcheck shell=bash
# Configures and builds with CMake's presets. Sourced after lib.sh and packages.sh.

# build PRESET TARGET...: brings the targets up to date; takes a tenth of a second when they are.
build() {
  local folder=$repository/build/$1
  mkdir -p "$folder"
  with_lock "build${folder//\//-}" build_under_lock "$@"
}

build_under_lock() {
  local preset=$1 folder=$repository/build/$1 log=$repository/build/$1/build.log
  shift
  if ! is_configured "$folder"; then
    require toolchain
    say "Building in $folder"
    configure "$preset" "$folder" >"$log" 2>&1 || build_failed "$log"
  fi
  ninja -C "$folder" -j "$(nproc)" "$@" 2>&1 | tee "$log" | show_progress || build_failed "$log"
}

# An engine is built when its package is in the cache, and TensorRT when its headers are there; a test
# reads ONNX Runtime's header. CMake must look again when that changes.
is_configured() {
  [[ -f $1/build.ninja && -f $1/engines_seen && $(<"$1/engines_seen") == "$(engines_in_cache)" ]]
}

engines_in_cache() {
  echo "$repository" "$cache"/engines/*/* "$cache"/onnxruntime-header/* "${TENSORRT_ROOT:-}" /usr/include{,/*}/NvInfer.h
}

configure() (
  cd "$repository" || return
  # A build folder that came along with a copied repository still points to the old one.
  if ! grep -qsx "CMAKE_HOME_DIRECTORY:INTERNAL=$repository" "$2/CMakeCache.txt"; then
    rm -rf "$2"/CMake* "$2/build.ninja"
  fi
  cmake --preset "$1" || return
  ninja -C "$2" -t cleandead # programs of engines whose package was removed
  engines_in_cache >"$2/engines_seen"
)

# Ninja's [12/90] lines become one line that is redrawn, and nothing where that can't be.
show_progress() {
  local line
  while IFS= read -r line; do
    if can_redraw && [[ $line =~ ^\[([0-9]+/[0-9]+)\] ]]; then
      printf '\r\033[KCompiling %s' "${BASH_REMATCH[1]}" >&2
    fi
  done
  ! can_redraw || printf '\r\033[K' >&2
}

build_failed() {
  grep -vE '^\[[0-9]+/[0-9]+\]' "$1" | tail -n 60 >&2 # without the lines of what went well
  fail "the build failed; the whole log is in $1"
}
