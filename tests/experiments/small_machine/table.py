"""table.py RESULTS: prints what measure.sh measured as Markdown: each engine's outcome and peak resident memory."""

import json
import sys
from pathlib import Path

results = [json.loads(path.read_text()) for path in sorted(Path(sys.argv[1]).rglob("*.json"))]
for result in results:
    result["model"] = Path(result["model_path"]).stem
engines = ("onnxruntime", "openvino", "pytorch", "tensorflow", "tvm")
print(f"| model | {' | '.join(engines)} |\n|---|{'---|' * len(engines)}")
for model in sorted({result["model"] for result in results}):
    cells = []
    for engine in engines:
        for result in results:
            if (result["model"], result["engine"]) == (model, engine):
                peak = result["peak_rss_bytes"]
                memory = f", {peak / 1e6:.0f} MB" if result["outcome"] == "ok" else ""
                cells.append(f"{result['outcome']}{memory}")
    print(f"| {model} | {' | '.join(cells)} |")
for result in results:
    if result["outcome"] != "ok":
        print(f"- {result['model']} on {result['engine']}: {result['reason']}")
