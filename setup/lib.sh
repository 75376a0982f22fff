# shellcheck shell=bash
# Shared by the scripts of the set-up, which source it: where things are, messages, locks.
# Messages go to stderr, so that stdout stays free for data.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# The same rule as in cmake/DnnBench.cmake and src/.
cache=${XDG_CACHE_HOME:-${HOME:?is not set; set it, or XDG_CACHE_HOME, to say where downloads are kept}/.cache}/dnn-bench

# Whether this is an installed package: it brings the programs compiled, in programs/.
is_package() { [[ -d $repository/programs ]]; }

# Broken between words where stderr is a terminal.
say() {
  local columns
  if columns=$(columns_of 2); then
    fold --spaces --width="$columns" <<<"$*" >&2
  else
    printf '%s\n' "$*" >&2
  fi
}

# Prints how many columns the terminal has that this descriptor is; fails where it is none.
columns_of() {
  local size
  [[ -t $1 ]] && size=$(stty size <&"$1" 2>/dev/null) && ((${size#* } > 0)) && echo "${size#* }"
}

fail() {
  say "dnnbench: $*"
  exit 2
}

# Whether stderr is a terminal that can redraw a line.
can_redraw() { [[ -t 2 && ${TERM:-dumb} != dumb ]]; }

# 23760988 -> 23.8 MB
megabytes() { printf '%d.%d MB' "$((($1 + 50000) / 1000000))" "$((($1 + 50000) / 100000 % 10))"; }

# with_lock NAME COMMAND...: runs COMMAND while no other set-up on this cache holds NAME.
with_lock() {
  local lock=$1
  shift
  mkdir -p "$cache/locks"
  (
    if ! flock --nonblock 9; then
      say "Waiting for another run that is setting up $lock"
      flock 9
    fi
    "$@"
  ) 9>"$cache/locks/$lock"
}
