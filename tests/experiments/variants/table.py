"""What each form of a model costs and saves: the eight models known by name and six trained ones.

    python -m venv ENV && ENV/bin/pip install --no-deps rapidocr-onnxruntime==1.4.4 magika==1.0.3 \
        ddddocr==1.6.1 pillow numpy onnx ml_dtypes protobuf typing_extensions
    ENV/bin/python tests/experiments/variants/table.py [--only=TEXT] [FLAG...]

The packages are taken for the models that they hold, by their authors under Apache-2.0 and MIT. Each
model is one run of ./bench_model.sh with --variants=f32,bf16,int8,int8-dynamic on ONNX Runtime and
OpenVINO, with samples of samples.py; FLAGs are added to it, such as --budget=30 or --pytorch. --only
takes the models whose path has that text. Trained models have a bound, --max-drop=0.01, where there
are labels, else --max-error=0.1.

A line per engine and form: its time against the same engine's f32, against the fastest f32, the
error on samples that were held out, the drop with its interval, seconds it took to make, and whether
it was accepted. Then how long the whole decision took, and at the end, over the trained models, how
much faster than the fastest f32 the fastest accepted form is.
"""

import json
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import samples

REPOSITORY = Path(__file__).resolve().parents[3]
FORMS = "--variants=f32,bf16,int8,int8-dynamic"


def write_characters(model: str, path: Path) -> None:
    """The recogniser's classes, which its file lists in its metadata; the last is a space."""
    properties = {one.key: one.value for one in onnx.load(model).metadata_props}
    np.save(path, np.array([*properties["character"].splitlines(), " "]))


def bounds_of(case: samples.Case, labels: list, folder: Path) -> list[str]:
    if case.metric == "top1":
        np.save(folder / "labels.npy", np.array(labels, np.int64))
        return [f"--labels={folder}/labels.npy", "--metric=top1", "--max-drop=0.01"]
    if case.metric:
        write_characters(case.model, folder / "characters.npy")
        np.save(folder / "texts.npy", np.array(labels))
        script = Path(__file__).with_name("metrics.py")
        words = [sys.executable, script, folder / "characters.npy", folder / "texts.npy"]
        return ["--metric=" + shlex.join(map(str, words)), "--max-drop=0.01"]
    return ["--max-error=0.1"] if case.trained else []


def run(case: samples.Case, flags: list[str], folder: Path) -> tuple[list[dict], float]:
    """The results, and the seconds that the whole decision took."""
    arrays, labels = case.samples(np.random.default_rng(0), case.count)
    (folder / "samples").mkdir()
    np.savez(folder / "samples" / "samples.npz", **arrays)
    command = [
        REPOSITORY / "bench_model.sh",
        *[case.model, "--onnxruntime", "--openvino", FORMS],
        *[f"--calibration={folder}/samples", f"--output={folder}/results"],
        *[f"--shape={shape}" for shape in case.shapes],
        *bounds_of(case, labels, folder),
        *flags,
    ]
    start = time.monotonic()
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    seconds = time.monotonic() - start
    found = [json.loads(path.read_text()) for path in (folder / "results").glob("*.json")]
    if not found:
        print(ended.stderr[-500:], flush=True)
    return sorted(
        found, key=lambda one: (one["engine"], one["precision"] != "f32", one["precision"])
    ), seconds


def to_best_f32(results: list[dict]) -> dict[str, float]:
    """The engines' f32 times relative to the fastest, from blocks that they share."""
    ratios = {
        one["engine"]: one["ranking"]["vs_best"]
        for one in results
        if one["precision"] == "f32" and one.get("ranking")
    }
    return {engine: ratio / min(ratios.values()) for engine, ratio in ratios.items()}


def to_fastest(result: dict, of_f32: dict[str, float]) -> float | None:
    """A form's time relative to the fastest f32."""
    if result["precision"] == "f32":
        return of_f32.get(result["engine"])
    if not result.get("vs_f32") or result["engine"] not in of_f32:
        return None
    return result["vs_f32"]["value"] * of_f32[result["engine"]]


def cell(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form)


def line(result: dict, of_f32: dict[str, float]) -> str:
    form = f"{result['engine']:12} {result['precision']:13}"
    if result["outcome"] != "ok":
        return f"  {form} {result['outcome']}: {result['reason'][:90]}"
    to_f32, accuracy = result.get("vs_f32"), result.get("accuracy") or {}
    drop = accuracy.get("drop")
    loss = "-" if not drop else "{:.3f} [{:.3f}, {:.3f}]".format(drop["drop"], *drop["interval"])
    accepted = (result.get("acceptance") or {}).get("accepted")
    return (
        f"  {form} {cell(to_f32 and to_f32['value']):>6} {cell(to_fastest(result, of_f32)):>6}"
        f" {cell(accuracy.get('median_error'), '.3g'):>9} {cell(accuracy.get('max_error'), '.3g'):>9}"
        f" {loss:22} {cell(result.get('variant', {}).get('make_s'), '.1f'):>6}"
        f" {result['in_force']['precision']:8}"
        f" {'-' if accepted is None else 'yes' if accepted else 'no'}"
    )


def speedup(results: list[dict], of_f32: dict[str, float]) -> float | None:
    """Of the fastest accepted form against the fastest f32; at least 1, since f32 is accepted."""
    times = [
        to_fastest(one, of_f32)
        for one in results
        if one["outcome"] == "ok" and (one.get("acceptance") or {}).get("accepted")
    ]
    return max([1.0, *(1 / one for one in times if one)]) if of_f32 else None


def main() -> None:
    only = [word.partition("=")[2] for word in sys.argv[1:] if word.startswith("--only=")]
    flags = [word for word in sys.argv[1:] if not word.startswith("--only=")]
    speedups = []
    print(
        f"  {'engine':12} {'form':13} {'vs f32':>6} {'best':>6} {'error':>9} {'max':>9} {'drop':22}"
        f" {'made s':>6} in force accepted"
    )
    for case in [*samples.replicas(), *samples.trained()]:
        if not all(text in case.model for text in only):
            continue
        with tempfile.TemporaryDirectory() as folder:
            results, seconds = run(case, flags, Path(folder))
        of_f32 = to_best_f32(results)
        faster = speedup(results, of_f32) if case.trained else None
        speedups += [faster] if faster else []
        print(f"{Path(case.model).stem}: decided in {seconds:.0f} s", flush=True)
        for result in results:
            print(line(result, of_f32), flush=True)
        if faster:
            print(
                f"  fastest accepted form: {faster:.2f} times as fast as the fastest f32",
                flush=True,
            )
    if speedups:
        print(f"median over {len(speedups)} trained models: {statistics.median(speedups):.2f}")


if __name__ == "__main__":
    main()
