"""Completions and the man page name every flag, and complete what a person types."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HELP = ROOT / "src" / "cli" / "help"
SUBCOMMANDS = sorted(path.stem for path in HELP.glob("*.txt") if path.stem != "dnnbench")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("completions")
    subprocess.run([sys.executable, ROOT / "setup" / "completions.py", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def complete(made):
    """complete("dnnbench run --dev"): what bash offers for the last word."""

    def call(line: str, cwd: Path = ROOT) -> list[str]:
        script = f"""
            source {made}/dnnbench.bash
            COMP_WORDBREAKS=$' \\t\\n=' COMP_LINE=$1 COMP_POINT=${{#1}} COMP_WORDS=()
            # As bash splits the line: '=' is a word.
            read -ra COMP_WORDS <<<"${{1//=/ = }}"
            [[ $1 != *' ' ]] || COMP_WORDS+=('')
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            _dnnbench
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        done = subprocess.run(
            ["bash", "-c", script, "-", line], capture_output=True, text=True, cwd=cwd
        )
        assert done.stderr == ""
        return done.stdout.split()

    return call


def shown_flags(subcommand: str) -> dict[str, str]:
    """--flag to the kind of its value; those for tests are not shown."""
    text = (HELP / f"{subcommand}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^  (--[a-z0-9-]+)=?(\S*)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_every_flag_is_everywhere(made, complete, subcommand):
    flags = shown_flags(subcommand)
    offered = complete(f"dnnbench {subcommand} --")
    assert {flag.rstrip("=") for flag in offered} >= flags.keys()
    zsh = (made / "_dnnbench").read_text()
    function = zsh[zsh.index(f"_dnnbench_{subcommand}() {{") :].split("\n}\n")[0]
    page = (made / "dnnbench.1").read_text().replace("\\-", "-").replace("\\fR", "")
    section = page[page.index(f"\n.SH {subcommand.upper()}\n") + 1 :].split("\n.SH ")[0]
    for flag in flags:
        assert f"{flag}[" in function or f"{flag}=[" in function
        assert f"\\fB{flag}" in section
    assert "--fake" not in offered + [zsh, page]


def test_subcommands_are_completed(complete):
    assert set(complete("dnnbench ")) == {*SUBCOMMANDS, "help", "--help", "--version"}
    assert complete("./dnnbench adv") == ["advise"]
    assert set(complete("dnnbench help ")) == {*SUBCOMMANDS, "help"}


def test_values_are_completed(complete, tmp_path):
    assert complete("dnnbench run --device=") == ["cpu", "gpu", "arm"]
    assert complete("dnnbench run --device=G") == ["gpu"]
    assert complete("dnnbench run --device c") == ["cpu"]
    assert complete("dnnbench run --mode=thr") == ["throughput"]
    assert complete("dnnbench run --repeat=") == []
    assert complete("bench_model.sh --openv") == ["--openvino"]
    assert complete("dnnbench fleet --rat") == ["--rate="]
    (tmp_path / "mine.onnx").touch()
    (tmp_path / "mine.txt").touch()
    (tmp_path / "models").mkdir()
    assert complete("bench_model.sh mi", tmp_path) == ["mine.onnx"]
    assert complete("bench_model.sh mo", tmp_path) == ["mobilenetv2-10", "mosaic-9", "models"]
    assert complete("dnnbench advise m", tmp_path) == ["models"]
    assert complete("dnnbench advise --catalogue=mine.t", tmp_path) == ["mine.txt"]


@pytest.mark.parametrize(
    "check", [["bash", "-n", "dnnbench.bash"], ["zsh", "-n", "_dnnbench"]], ids=["bash", "zsh"]
)
def test_the_shells_can_read_them(made, check):
    if shutil.which(check[0]) is None:
        pytest.skip(f"no {check[0]} here")
    subprocess.run(check, cwd=made, check=True)


def test_the_man_page_can_be_set(made):
    if shutil.which("groff") is None:
        pytest.skip("no groff here")
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-ww", made / "dnnbench.1"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
