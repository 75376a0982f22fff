#!/usr/bin/env bash
# python_env.sh ENV: makes the virtual environment of setup/python/ENV.txt in the cache, where it is
# not there yet, and prints the path of its Python.
# shellcheck source=setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=setup/packages.sh
source "$repository/setup/packages.sh"

name=${1:?say which environment: one of setup/python/*.txt}
requirements=$repository/setup/python/$name.txt
[[ -f $requirements ]] || fail "there is no $requirements"
hash=$(sha256sum "$requirements")
environment=$cache/python/$name-${hash:0:12}

# Virtual environments can't be renamed into place; the file `complete` comes last instead.
make_environment() {
  [[ ! -f $environment/complete ]] || return 0
  local quiet=(--progress-bar on)
  can_redraw || quiet=(--quiet)
  trap '[[ -f $environment/complete ]] || rm -rf "$environment"' EXIT
  say "Making a Python environment for $name in $environment:" \
    "$(grep -oE '^[A-Za-z0-9_.-]+==[^ ;]+' "$requirements" | tr '\n' ' ')"
  rm -rf "$environment"
  python3 -m venv "$environment"
  "$environment/bin/python" -m pip install "${quiet[@]}" --disable-pip-version-check \
    --only-binary=:all: --require-hashes --requirement "$requirements" >&2 ||
    fail "the Python packages of $requirements could not be installed (pip's reason is above)"
  touch "$environment/complete"
}

if [[ ! -f $environment/complete || ! -x $environment/bin/python ]]; then
  require venv
  rm -f "$environment/complete"
  with_lock "python-$name" make_environment
fi
echo "$environment/bin/python"
