import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import plot_results

VIS = Path(__file__).resolve().parent
SAMPLES = VIS.parent / "tests" / "golden" / "results"
DETECTOR = (
    "a-detector-with-a-rather-long-name-2026-opset-21-simplified-build-host-17.lab.example.org"
)
MODELS = {"bertsquad-10": "c5n.2xlarge"}
MODELS |= dict.fromkeys(("mobilenetv2-1.0", "resnet50-v1-7"), "c5a.4xlarge")
# The detector's 8 measurements have no distribution. Each model has one machine: nothing to compare.
STEMS = {DETECTOR} | {
    f"{model}-{kind}"
    for model, instance in MODELS.items()
    for kind in (instance, f"{instance}-times")
}


def plot(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    command = [sys.executable, VIS / "plot_results.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_pictures_and_a_page_from_any_folder(tmp_path):
    done = plot(SAMPLES, "plots/new", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("plots/new/index.html: 17 results in 7 pictures")
    written = {path.name for path in (tmp_path / "plots/new").iterdir()}
    expected = {f"{stem}.{kind}" for stem in STEMS for kind in ("png", "svg")}
    assert written == expected | {"index.html"}
    for path in tmp_path.glob("plots/new/*.png"):
        width, height = size_of_png(path)
        assert 1000 < width < 2000 and 350 < height < 1900, path.name


def size_of_png(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


def test_a_broken_file_is_named_and_the_rest_drawn(tmp_path):
    results = tmp_path / "results"
    shutil.copytree(SAMPLES / "c5n.2xlarge", results / "c5n.2xlarge")
    (results / "half.json").write_text('{"model_path": "a')
    plots = tmp_path / os.fsdecode(b"r\xe9sum\xe9")  # not UTF-8
    strict = os.environ | {"PYTHONIOENCODING": "utf-8"}  # as in most locales
    done = plot(results, plots, errors="surrogateescape", env=strict)
    assert done.stdout.startswith(f"{plots}/index.html")
    assert done.returncode == 0
    [line] = done.stderr.splitlines()
    assert line.startswith(f"plot_results: skipped {results}/half.json: broken JSON, line 1")
    assert "1 file was skipped" in (plots / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("prepare", ["nothing", "empty", "file", "only broken"])
def test_nothing_to_draw_is_one_sentence(tmp_path, prepare):
    results = tmp_path / "results"
    if prepare == "file":
        results.write_text("no folder")
    elif prepare != "nothing":
        results.mkdir()
    if prepare == "only broken":
        (results / "a.json").write_text("{")
    done = plot(results, tmp_path / "plots")
    assert done.returncode == 2
    assert str(results) in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == (2 if prepare == "only broken" else 1)
    assert done.stdout == "" and not (tmp_path / "plots").exists()


def test_a_plots_folder_that_can_t_be_made(tmp_path):
    (tmp_path / "taken").write_text("")
    done = plot(SAMPLES / "c5n.2xlarge", tmp_path / "taken")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "taken" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["results"],
        ["a", "b", "c"],
        ["--colour", "a", "b"],
        ["a", "b", "--throughput=0"],
        ["a", "b", "--throughput=fast"],
    ],
)
def test_usage_errors(arguments):
    done = plot(*arguments)
    assert done.returncode == 2 and "usage:" in done.stderr


def test_own_prices_and_rates(tmp_path):
    catalogue = tmp_path / "own.csv"
    catalogue.write_text("instance,usd_per_hour\nc5n.2xlarge,0.7\nc5n.2xlarge,0.8\nc5n.large,1\n")
    for instance in ("c5n.2xlarge", "c5n.large"):
        shutil.copytree(SAMPLES / "c5n.2xlarge", tmp_path / "results" / instance)
    wishes = (f"--catalogue={catalogue}", "--throughput=3", "--throughput=12.5")
    done = plot(tmp_path / "results", tmp_path / "plots", *wishes)
    assert done.returncode == 0
    assert f"{catalogue}, line 3: left out: a row with this name came before" in done.stderr
    drawn = (tmp_path / "plots" / "bertsquad-10-by-price.svg").read_text(encoding="utf-8")
    assert ">$0.70/h<" in drawn and ">3/s<" in drawn and ">12.5/s<" in drawn


def test_a_file_that_is_not_a_catalogue(tmp_path):
    (tmp_path / "own.csv").write_text("a,b\n1,2\n")
    for wrong in ("own.csv", "none.csv"):
        done = plot(SAMPLES, tmp_path / "plots", f"--catalogue={tmp_path / wrong}")
        assert done.returncode == 2 and wrong in done.stderr and "Traceback" not in done.stderr


def repository_with(tmp_path: Path, python_env: str) -> Path:
    """A copy of vis/ whose setup/python_env.sh is the given one."""
    shutil.copytree(VIS, tmp_path / "vis", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(VIS.parent / "catalogue", tmp_path / "catalogue")
    script = tmp_path / "setup" / "python_env.sh"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\n{python_env}\n")
    script.chmod(0o755)
    return tmp_path / "vis" / "plot_results.py"


def plot_without_packages(program: Path, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-S", program, *arguments]  # -S: without site-packages
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_gets_what_is_missing_and_goes_on(tmp_path):
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "python").chmod(0o755)
    program = repository_with(tmp_path, f'test "$1" = vis && echo {tmp_path}/python')
    done = plot_without_packages(program, SAMPLES / "c5n.2xlarge", tmp_path / "plots")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "plots" / "index.html").is_file()


def test_a_set_up_that_fails_is_a_sentence(tmp_path):
    program = repository_with(tmp_path, "echo no network >&2; exit 1")
    done = plot_without_packages(program, SAMPLES, tmp_path / "plots")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "no network"
    assert "altair" in done.stderr.splitlines()[1] and len(done.stderr.splitlines()) == 2


def test_a_broken_environment_does_not_go_round_in_circles(tmp_path):
    program = repository_with(tmp_path, f"echo {sys.executable}")
    done = plot_without_packages(program, SAMPLES, tmp_path / "plots")
    assert done.returncode == 2 and "delete its folder" in done.stderr


def test_help_and_usage_errors_install_nothing(tmp_path):
    program = repository_with(tmp_path, f"touch {tmp_path}/called; exit 1")
    assert plot_without_packages(program, "--help").returncode == 0
    assert plot_without_packages(program).returncode == 2
    assert not (tmp_path / "called").exists()


def test_parse():
    arguments = plot_results.parse(["results", "plots"])
    assert (arguments.results_dir, arguments.plots_dir) == (Path("results"), Path("plots"))
