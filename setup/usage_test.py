"""./dnnbench and ./bench_model.sh check a command line with the shell alone and install nothing."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ["apt-get", "sudo", "python3", "pip", "cmake", "ninja", "c++", "g++", "git", "curl"]
RUN = "dnnbench run: "

WRONG = [
    ("run", RUN + "which model? Give an .onnx file or one of: bertsquad-10 "),
    ("run yolov4 --onxruntime", RUN + "unknown flag --onxruntime; did you mean --onnxruntime?"),
    ("run yolov4 --repaet=3", RUN + "unknown flag --repaet; did you mean --repeat?"),
    ("run yolov4 --rep 3", RUN + "unknown flag --rep; did you mean --repeat?"),
    ("run yolov4 --something-else", RUN + "unknown flag --something-else\n"),
    ("run yolov4 --foo", RUN + "unknown flag --foo\n"),
    ("run yolov4 --oi=host", RUN + "unknown flag --oi; did you mean --io?"),
    ("run yolov4 -n", RUN + "unknown flag -n"),
    ("run yolov4 --tf=1", RUN + "--tf takes no value\n"),
    (
        "run yolov4 --pytorch=2.14.0",
        RUN + "--pytorch takes no value; versions are for --onnxruntime --openvino\n",
    ),
    ("run yolov4 --openvino=1", RUN + "--openvino must be a version, or a list such as 1.30.0,"),
    ("run yolov4 --versus=no.onnx", RUN + "--versus: there is no file no.onnx"),
    ("run yolov4 --against=none", RUN + "--against: there is no folder none"),
    ("run yolov4 --fail-above=5", RUN + "--fail-above must be a percentage such as 5%, not '5'"),
    ("run yolov4 --variants=", RUN + "--variants needs a value: --variants=LIST"),
    ("run yolov4 --max-error=x", RUN + "--max-error must be a number such as 0.02, not 'x'"),
    ("run yolov4 --repeat", RUN + "--repeat needs a value: --repeat=COUNT"),
    ("run yolov4 --repeat=", RUN + "--repeat needs a value: --repeat=COUNT"),
    ("run --repeat --onnxruntime yolov4", RUN + "--repeat needs a value: --repeat=COUNT"),
    ("run yolov4 --repeat=0", RUN + "--repeat must be a whole number from 1, not '0'"),
    ("run yolov4 --repeat ten", RUN + "--repeat must be a whole number from 1, not 'ten'"),
    ("run yolov4 --warmup=-1", RUN + "--warmup must be a whole number from 0, not '-1'"),
    ("run yolov4 --number=1.5", RUN + "--number must be a whole number from 1, not '1.5'"),
    ("run yolov4 --timeout=0", RUN + "--timeout must be a number of seconds above 0, not '0'"),
    ("run yolov4 --tune-budget=1m", RUN + "--tune-budget must be one of 0, SECONDS, not '1m'"),
    ("run yolov4 --threads=1,", RUN + "--threads must be a whole number from 1, or a list such as"),
    ("compare / / --fail-above=5", "dnnbench compare: --fail-above must be a percentage such as"),
    ("run yolov4 --mode=lod", RUN + "--mode must be one of latency, load, throughput, not 'lod'"),
    ("run yolov4 --device=tpu", RUN + "--device must be one of cpu, gpu, arm, not 'tpu'"),
    ("run yolov4 --precision f8", RUN + "--precision must be one of f32, f16, bf16, tf32, default"),
    ("run yolov4 --shape=a=1,b", RUN + "--shape must look like images=1,3,320,320, not 'a=1,b'"),
    ("run yolov4 --input=a.npy", RUN + "--input must look like NAME=VALUE, not 'a.npy'"),
    ("run yolov4 --test-data=none", RUN + "--test-data: there is no folder none"),
    ("run resnet50", RUN + "there is no file resnet50, and no model has that name; did you mean"),
    (
        "run yolov5",
        RUN + "there is no file yolov5, and no model has that name; did you mean yolov4?",
    ),
    ("run no-such.onnx", RUN + "there is no file no-such.onnx, and no model has that name\n"),
    ("run /", RUN + "/ is a folder; give the .onnx file in it"),
    ("inspect", "dnnbench inspect: which model?"),
    ("inspect yolov4 --jsno", "dnnbench inspect: unknown flag --jsno; did you mean --json?"),
    ("engines yolov4", "dnnbench engines takes flags only, not 'yolov4'"),
    ("engines --remove", "dnnbench engines: --remove needs a value: --remove=NAME"),
    ("compare", "dnnbench compare: give two folders of results, BEFORE and AFTER"),
    ("compare /", "dnnbench compare: give two folders of results, BEFORE and AFTER"),
    ("compare / none", "dnnbench compare: there is no folder none"),
    ("compare / / /tmp", "dnnbench compare: give two folders of results, BEFORE and AFTER"),
    ("compare / / --export=xml", "dnnbench compare: --export must be one of csv, markdown, "),
    ("compare / / --confidence=2", "dnnbench compare: --confidence must be a number from 0 to"),
    ("run yolov4 --confidence=1", RUN + "--confidence must be a number from 0 to below 1, or a"),
    ("advise", "dnnbench advise: give one folder of results"),
    ("advise none --model=a", "dnnbench advise: there is no folder none"),
    ("advise / /tmp", "dnnbench advise: give one folder of results"),
    ("advise / --throughput=0", "dnnbench advise: --throughput must be a number above 0, not '0'"),
    ("advise / --headroom=1", "dnnbench advise: --headroom must be a number from 0 to below 1"),
    ("advise / --catalogue=no.csv", "dnnbench advise: --catalogue: there is no file no.csv"),
    ("advise / --sweep=1", "dnnbench advise: --sweep takes no value"),
    ("catalogue c6g", "dnnbench catalogue takes flags only, not 'c6g'"),
    ("catalogue --arch=ppc", "dnnbench catalogue: --arch must be one of x86_64, arm64, not 'ppc'"),
    ("plot", "dnnbench plot: give a folder of results and one for the pictures"),
    ("plot none plots", "dnnbench plot: there is no folder none"),
    ("plot / plots --throughput=0", "dnnbench plot: --throughput must be a number above 0, not"),
    ("help rnu", "dnnbench: there is no subcommand rnu; did you mean run?"),
    ("rnu", "dnnbench: there is no subcommand rnu; did you mean run?"),
    ("dnnbench", "dnnbench: there is no subcommand dnnbench"),
    ("", "Usage: ./dnnbench SUBCOMMAND"),
]


@pytest.fixture
def bare(tmp_path):
    """Runs a script where every tool of the set-up leaves a mark instead of working."""
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        path = tmp_path / "bin" / tool
        path.write_text(f"#!/bin/sh\ntouch '{tmp_path}/used-{tool}'\nexit 1\n")
        path.chmod(0o755)
    (tmp_path / "home").mkdir()
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": f"{tmp_path}/home"}

    def run(door, arguments):
        done = subprocess.run(
            [ROOT / door, *arguments],
            env=environment,
            cwd=tmp_path / "home",
            capture_output=True,
            text=True,
        )
        assert not list(tmp_path.glob("used-*")), "a tool was run"
        assert not os.listdir(tmp_path / "home"), "something was written"
        return done

    return run


@pytest.mark.parametrize("arguments, sentence", WRONG)
def test_wrong_usage_is_one_sentence_and_installs_nothing(bare, arguments, sentence):
    done = bare("dnnbench", arguments.split())
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(sentence)


@pytest.mark.parametrize(
    "subcommand",
    ["run", "inspect", "engines", "selftest", "compare", "advise", "fleet", "catalogue", "plot"],
)
def test_help_goes_to_stdout_and_installs_nothing(bare, subcommand):
    done = bare("dnnbench", [subcommand, "--help"])
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ./")
    assert "--fake" not in done.stdout
    assert bare("dnnbench", ["help", subcommand]).stdout == done.stdout


def test_help_and_version_of_the_whole_install_nothing(bare):
    assert bare("dnnbench", ["help"]).stdout == bare("dnnbench", ["--help"]).stdout
    assert re.fullmatch(r"dnnbench \d+\.\d+\.\d+\n", bare("dnnbench", ["--version"]).stdout)


def test_help_wins_over_what_is_missing(bare):
    assert bare("bench_model.sh", ["--help"]).stdout == bare("dnnbench", ["run", "--help"]).stdout


def test_bench_model_is_run(bare):
    done = bare("bench_model.sh", ["yolov4", "--opnvino"])
    assert (done.returncode, done.stderr) == (
        2,
        RUN + "unknown flag --opnvino; did you mean --openvino?\n",
    )


RIGHT = [
    "yolov4 resnet50-v1-7 --device=cpu --onnxruntime --openvino",
    "{file} --device gpu --tf --pytorch --nuphar --tvm --ort-cuda --ort-tensorrt --fake=ok",
    "{file} --repeat 10 --number=2 --warmup=0 --seed=9007199254740991 --timeout .5 --budget=1.5 --confidence=0.9",
    "{file} --repeat=1e3 --threads=1,1e1 --device=CPU --confidence=99.5% --precision-target 5%",
    "{file} --export=CSV --wide --quiet",
    "{file} --tvm --tune-budget=0",
    "{file} --onnxruntime=1.30.0,1.31.1 --openvino=2026.3.1 --openvino --fail-above=5%",
    "{file} --versus={file} --versus {file} --against={folder}",
    "{file} --tvm --tune-budget=60",
    "{file} --shape=input_1:0=1,416,416,3 --input a=3 --test-data={folder} --output new/folder",
]


@pytest.mark.parametrize("arguments", RIGHT)
def test_right_usage_passes(tmp_path, arguments):
    """check_usage alone: what follows it would install."""
    model = tmp_path / "model.onnx"
    model.touch()
    words = arguments.format(file=model, folder=tmp_path).split()
    script = f'source "{ROOT}/setup/lib.sh"; source "{ROOT}/setup/usage.sh"; check_usage run "$@"'
    done = subprocess.run(["bash", "-c", script, "-", *words], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_right_usage_of_advise_passes(tmp_path):
    table = tmp_path / "mine.csv"
    table.touch()
    words = (
        f"advise {tmp_path} --model=BERT --throughput=.5 --latency-p99 0.2 --headroom=0.3 --sweep"
    )
    words += f" --max-instances=3 --single-instance --arch=arm64 --json --catalogue={table}"
    script = f'source "{ROOT}/setup/lib.sh"; source "{ROOT}/setup/usage.sh"; check_usage "$@"'
    done = subprocess.run(
        ["bash", "-c", script, "-", *words.split()], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_help_names_the_models_that_can_be_generated():
    manifest = json.loads((ROOT / "models" / "manifest.json").read_text())
    for subcommand in ("run", "inspect"):
        lines = (ROOT / "src" / "cli" / "help" / f"{subcommand}.txt").read_text().splitlines()
        names = [n for line in lines if line[:4] == "    " and line[4] != " " for n in line.split()]
        assert sorted(names) == sorted(entry["name"] for entry in manifest["models"])


def test_help_names_the_engines_of_which_versions_are_fetched():
    can = set()
    for script in ROOT.glob("engines/*/install.sh"):
        if 'fetch_version "$@"' in script.read_text().splitlines():
            can.add("--" + script.parent.name)
    text = (ROOT / "src" / "cli" / "help" / "run.txt").read_text()
    assert set(re.findall(r"^  (--\w+)\[=VERSIONS\]", text, flags=re.M)) == can != set()
