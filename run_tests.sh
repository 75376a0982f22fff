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

# Some tests open the report in a browser. They are skipped where there is none: Ubuntu's is no apt package.
install_browser() {
  if ! has_command chromium && may_install && apt-get install --simulate chromium >/dev/null 2>&1; then
    install_packages chromium
  fi
}

cd "$repository"
[[ -f build/release/build.ninja ]] || require toolchain pip venv tests
install_browser
setup/build_with_engines.sh release all
setup/python_env.sh tests >/dev/null
setup/python_env.sh vis >/dev/null
exec ctest --preset release
