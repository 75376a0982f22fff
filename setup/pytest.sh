#!/usr/bin/env bash
# pytest.sh ARGUMENT...: pytest in the environment of setup/python/tests.txt.
set -euo pipefail
exec "$("$(dirname "${BASH_SOURCE[0]}")/python_env.sh" tests)" -m pytest --quiet "$@"
