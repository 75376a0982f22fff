#!/usr/bin/env bash
# Installs, fetches and builds what is missing, and runs every test.
# shellcheck source=setup/lib.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/setup/lib.sh"

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

cd "$repository"
setup/build_all.sh
setup/python_env.sh tests >/dev/null
setup/python_env.sh vis >/dev/null
exec ctest --preset release
