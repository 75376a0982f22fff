#!/usr/bin/env bash
# Installs, fetches and builds what is missing, and runs every test.
# shellcheck source=setup/lib.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/setup/lib.sh"
# shellcheck source=setup/packages.sh
source "$repository/setup/packages.sh"

case ${1:-} in
  '') ;;
  -h | --help)
    echo "Usage: ./run_tests.sh
Installs, fetches and builds what is missing, and runs every test. After it has run once,
'ctest --preset release -R NAME' runs some of them."
    exit 0
    ;;
  *)
    say "run_tests.sh takes no arguments; after it has run once, 'ctest --preset release -R NAME' runs some tests"
    exit 2
    ;;
esac

# Some tests open the report in a browser (Ubuntu's is no apt package), some start a Slurm cluster.
# They are skipped where that can't be installed.
install_for_tests() {
  local missing=()
  has_command chromium || missing+=(chromium)
  has_command slurmd || [[ -x /usr/sbin/slurmd ]] || missing+=(slurmctld slurmd slurm-client munge)
  if ((${#missing[@]} > 0)) && may_install && apt-get install --simulate "${missing[@]}" >/dev/null 2>&1; then
    install_packages "${missing[@]}"
  fi
}

cd "$repository"
[[ -f build/release/build.ninja ]] || require toolchain pip venv tests
install_for_tests
setup/ort_header.sh
setup/build_with_engines.sh release all
setup/python_env.sh tests >/dev/null
setup/python_env.sh vis >/dev/null
# Two at a time: no test needs a machine for itself.
exec ctest --preset release --parallel 2
