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

# After an upgrade of the system's Python an environment's own no longer finds its packages.
is_usable() { [[ -f $environment/complete ]] && "$environment/bin/python" -I -c 'import pip' 2>/dev/null; }

# Virtual environments can't be renamed into place; the file `complete` comes last instead.
make_environment() {
  ! is_usable || return 0
  trap '[[ -f $environment/complete ]] || rm -rf "$environment"' EXIT
  say "Installing the Python packages of $requirements into $environment"
  rm -rf "$environment"
  python3 -m venv "$environment"
  install_requirements || fail "the Python packages could not be installed (pip's reason is above)"
  touch "$environment/complete"
}

# On a terminal pip shows its own progress; elsewhere only what it downloads, with sizes.
install_requirements() {
  local pip=("$environment/bin/python" -m pip install --disable-pip-version-check
    --only-binary=:all: --require-hashes --requirement "$requirements")
  if can_redraw; then
    "${pip[@]}" >&2
  else
    "${pip[@]}" --progress-bar off | { grep -E '^ *(Downloading|Using cached) .*\(' >&2 || true; }
  fi
}

if ! is_usable; then
  require venv
  with_lock "python-$name" make_environment
fi
echo "$environment/bin/python"
