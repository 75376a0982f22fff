#!/usr/bin/env bash
# limits.sh PROGRAM MODEL FLAG FROM TO STEP: runs MODEL on the engine of FLAG with each limit on a process's data,
# in MB, and prints how it ends. However little there is, an engine must not be `crashed` for it.
set -euo pipefail
program=$1 model=$2 flag=$3
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
for ((limit = $4; limit <= $5; limit += $6)); do
  prlimit --data=$((limit * 1000000)) "$program" run "$model" "$flag" --repeat=1 --warmup=0 --output="$output/$limit" >/dev/null 2>"$output/err" || true
  python3 - "$limit" "$output/$limit" "$output/err" <<'END'
import json, pathlib, sys
paths = list(pathlib.Path(sys.argv[2]).glob("*.json"))
ends = [json.loads(path.read_text()) for path in paths]
said = [f"{end['outcome']} {end['reason']}" for end in ends]
print(sys.argv[1], *(said or pathlib.Path(sys.argv[3]).read_text().splitlines()[-1:]))
END
done
