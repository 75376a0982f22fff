"""What a person sees in a terminal of 60, 80 or 140 columns, and what a pipe gets."""

import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
from pathlib import Path

import pytest

import tiny_models

REPOSITORY = Path(__file__).resolve().parent.parent
GOLDEN = REPOSITORY / "tests" / "golden" / "tables"
REWRITE = "\r\x1b[K"  # to the line's start, and clear it
COLOUR = re.compile(r"\x1b\[\d+m")
WIDTHS = [60, 80, 140]
ALL_COLUMNS = [
    *["engine", "version", "median", "p90", "p99", "inferences/s", "relative time"],
    *["CPU time", "load time", "memory", "precision", "error", "verdict"],
]
# Short, but in blocks that are long enough to be distinguished from disturbed ones.
SHORT = ["--fake=ok,duration_s=0.001", "--fake=slow", "--repeat=24"]


def on_terminal(command: list, columns: int, **environment: str) -> tuple[int, str]:
    """Exit status and all that such a terminal got, stdout and stderr."""
    terminal, far_end = pty.openpty()
    fcntl.ioctl(far_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    with subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=far_end,
        stderr=far_end,
        env=inherited | {"TERM": "xterm"} | environment,
        cwd=REPOSITORY,
    ) as process:
        os.close(far_end)
        seen = read_all(terminal)
    return process.returncode, seen


def read_all(terminal: int) -> str:
    seen = b""
    while select.select([terminal], [], [], 120)[0]:
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # on Linux: the other end is closed
            break
    os.close(terminal)
    return seen.decode().replace("\r\n", "\n")


@pytest.fixture
def watch(programs, convolution, tmp_path):
    """watch("--fake=ok", columns=80): what a terminal gets of a run."""

    def call(*flags: str, columns: int = 80, **environment: str) -> str:
        command = [programs / "dnnbench", "run", convolution, *flags, f"--output={tmp_path}"]
        return on_terminal(command, columns, **environment)[1]

    return call


def steps(seen: str) -> list[str]:
    """Every text that the line of progress had."""
    plain = COLOUR.sub("", seen)
    return [step.split("\n")[0] for step in plain.split(REWRITE)[1:] if step.split("\n")[0]]


def screen(seen: str) -> list[str]:
    """What remains in view."""
    return [line.split(REWRITE)[-1] for line in COLOUR.sub("", seen).split("\n")]


def header(lines: list[str]) -> list[str]:
    return re.split(" {2,}", next(line for line in lines if line.startswith("engine  ")))


@pytest.mark.parametrize("columns", WIDTHS)
def test_progress_is_one_line_for_the_whole_run(watch, columns):  # 3 s
    shown = [step for step in steps(watch(*SHORT, columns=columns)) if step.startswith("[")]
    assert max(map(len, shown)) < columns
    assert any("reference: computing with ONNX Runtime" in step for step in shown)
    assert any("fake-slow: loading (at most 300 s)" in step for step in shown)
    measuring = next(i for i, step in enumerate(shown) if "0 blocks" in step)
    assert len(shown) > measuring + 3
    for step in shown[measuring:]:  # engines are restarted in between, which does not flicker
        assert not re.match(r"\[[#-]*\] fake-", step)
    filled = [step.count("#") for step in shown]
    assert filled == sorted(filled) and filled[-1] > 0
    assert any(re.search(r"\d+ s left, ", step) for step in shown)


def test_interim_standings_are_shown(watch):  # 3 s
    seen = steps(watch(*SHORT, columns=140))
    disturbed = any("disturbed" in step for step in seen)
    standing = r"fake-ok_duration_s=0.001 \d+\.\d\dx ahead of fake-slow, \d+ block"
    assert disturbed or any(re.search(standing, step) for step in seen)


def test_throughput_mode_says_which_setting_it_tries(watch):  # 8 s
    flags = ["--fake=ok,duration_s=0.001", "--mode=throughput", "--budget=6", "--threads=1,2"]
    seen = steps(watch(*flags, columns=140))
    assert any(re.search(r" setting 1 of \d+\+?, trying \d+ x \d+ threads?$", s) for s in seen)
    second = [s for s in seen if re.search(r" setting 2 of \d+\+?, ", s)]
    assert all(re.search(r", best so far [0-9.]+/s with \d+ x \d+ thread", s) for s in second)


def test_load_mode_shows_the_p99_so_far(watch):  # 9 s, in two turns
    flags = ["--fake=ok,duration_s=0.001", "--mode=load", "--rate=200", "--budget=7"]
    seen = steps(watch(*flags, columns=140))
    label = "fake-ok_duration_s=0.001"
    assert any(f"] {label} at 200 requests/s, turn 1 of " in step for step in seen)
    found = (re.search(rf"p99 so far: {label} ([0-9.]+) ms, turn \d+ of \d+$", s) for s in seen)
    assert any(match and float(match[1]) >= 1 for match in found)


def test_each_comparison_counts(programs, tmp_path):  # 2 s
    model = tiny_models.save(tiny_models.convolution(batch="N"), tmp_path / "open.onnx")
    flags = ["--fake=ok", "--repeat=2", "--warmup=0", "--batch=1,2", f"--output={tmp_path}"]
    seen = steps(on_terminal([programs / "dnnbench", "run", model, *flags], 80)[1])
    assert any("] comparison 1 of 2, " in step for step in seen)
    assert any(step.startswith("[#####") and "comparison 2 of 2, " in step for step in seen)


@pytest.mark.parametrize("columns", WIDTHS)
def test_the_answer_comes_first_and_no_line_breaks(watch, columns):  # 1 s
    flags = ["--fake=ok", "--fake=crash_on_load", "--repeat=4", "--warmup=0", "--instance=here"]
    lines = screen(watch(*flags, columns=columns))
    # A folder's name is longer than some terminals.
    assert max(len(line) for line in lines if "/" not in line) <= columns
    title = next(i for i, line in enumerate(lines) if line.startswith("tiny on here: "))
    answer = " ".join(lines[title : title + 6])
    assert "fake-ok is the only engine with a verified result" in answer or "busy" in answer
    table = lines.index(next(line for line in lines if line.startswith("engine  ")))
    assert lines[table - 1] == "" and title < table
    names = header(lines)
    assert names[0] == "engine" and names[-1] == "verdict"
    assert {"median", "relative time"} <= set(names)
    text = " ".join(lines)
    dropped = [name for name in ALL_COLUMNS if name not in names]
    assert ("--wide shows all." in text) == bool(dropped)
    rows = [re.split(" {2,}", line) for line in lines[table + 1 : table + 3]]
    assert [len(row) for row in rows] == [len(names)] * 2
    assert "Next: ./dnnbench plot " in text


MODES = {
    "load": (
        ["--mode=load", "--rate=100", "--repeat=20"],
        "no latencies|verified latencies|lowest p99|valid result",
    ),
    "throughput": (["--mode=throughput", "--budget=1"], "throughput"),
    "batches": (["--batch=1,2", "--repeat=2", "--warmup=0"], "batch"),
}


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("mode", MODES)
def test_each_mode_s_table_fits(programs, tmp_path, mode, columns):  # 2 s
    model = tiny_models.save(tiny_models.convolution(batch="N"), tmp_path / "open.onnx")
    flags, answer = MODES[mode]
    command = [programs / "dnnbench", "run", model, "--fake=ok", *flags, "--instance=here"]
    lines = screen(on_terminal([*command, f"--output={tmp_path / 'results'}"], columns)[1])
    assert max(len(line) for line in lines if "/" not in line) <= columns
    headers = [i for i, line in enumerate(lines) if line.startswith("engine  ")]
    last = headers[-1]
    assert re.search(answer, " ".join(lines[: headers[0] if mode != "batches" else last]))
    names = re.split(" {2,}", lines[last])
    assert names[0] == "engine" and names[-1] == "verdict"
    assert "fake-ok" in lines[last + 1]


def test_a_table_of_variants_fits(watch):  # 3 s
    lines = screen(watch("--onnxruntime", "--variants=int8", "--repeat=2", columns=60))
    assert max(len(line) for line in lines if "/" not in line) <= 60
    table = lines.index(next(line for line in lines if line.startswith("variant  ")))
    title = lines.index("Variants against f32:")
    assert title < table and lines[table - 1] == "" and lines[title + 1] != ""
    assert lines[table].split()[-1] == "accepted" and "uncalibrated" in lines[table + 1]


def test_wide_shows_all_columns(watch):
    assert header(screen(watch("--fake=ok", "--repeat=2", "--wide", columns=60))) == ALL_COLUMNS


def test_wider_terminals_show_more(watch):
    shown = [
        header(screen(watch("--fake=ok", "--repeat=2", "--warmup=0", columns=columns)))
        for columns in WIDTHS
    ]
    assert set(shown[0]) < set(shown[1]) < set(shown[2]) == set(ALL_COLUMNS)


def test_where_no_table_fits_each_cell_has_a_line(watch):
    lines = screen(watch("--fake=ok", "--repeat=2", "--warmup=0", columns=30))
    cells = lines[lines.index("fake-ok") + 1 :][: len(ALL_COLUMNS) - 1]
    assert [cell.split(":")[0].strip() for cell in cells] == ALL_COLUMNS[1:]
    assert max(len(cell) for cell in cells) <= 30


def test_an_interrupt_leaves_no_line_of_progress(programs, convolution, tmp_path):  # 3 s
    flags = ["--fake=ok,duration_s=0.002", "--budget=60", f"--output={tmp_path / 'results'}"]
    command = [programs / "dnnbench", "run", convolution, *flags]
    interrupted = ["timeout", "--foreground", "--signal=INT", "2.5", *command]
    lines = screen(on_terminal(interrupted, 80)[1])
    assert lines[-1] == "" and not any(line.startswith("[") for line in lines)
    text = " ".join(lines)
    assert "Interrupted: finishing this turn; once more ends at once" in text
    assert "The same command goes on from here; what is known so far is in " in text
    assert "Next: " not in text
    assert all(file.stat().st_size > 0 for file in (tmp_path / "results").iterdir())


def test_failures_are_red_at_once(watch):
    seen = watch("--fake=failed", "--fake=ok", "--repeat=2", "--warmup=0")
    assert "fake-failed: \x1b[31mfailed\x1b[0m: " in seen
    assert seen.index("fake-failed: \x1b[31m") < seen.index("block")


def test_no_color_is_honoured(watch):
    seen = watch("--fake=ok", "--fake=failed", "--repeat=2", "--warmup=0", NO_COLOR="1")
    assert not COLOUR.search(seen)
    assert REWRITE in seen


def test_an_empty_no_color_is_none(watch):
    assert COLOUR.search(watch("--fake=ok", "--repeat=2", "--warmup=0", NO_COLOR=""))


def test_a_dumb_terminal_gets_no_control_characters(watch):
    seen = watch("--fake=ok", "--repeat=2", "--warmup=0", TERM="dumb")
    assert "\x1b" not in seen and "\r" not in seen
    assert "Next: " not in seen


def test_quiet_shows_the_answer_and_the_table_alone(watch):
    seen = watch("--fake=ok", "--repeat=2", "--warmup=0", "--quiet")
    assert seen.startswith("tiny on ")
    assert "Results are in" not in seen and REWRITE not in seen


def test_a_pipe_gets_all_columns_and_no_control_characters(bench, convolution):
    run = bench(convolution, "--fake=ok")
    assert header(run.stdout.splitlines()) == ALL_COLUMNS
    assert "\x1b" not in run.stdout + run.stderr and "\r" not in run.stdout + run.stderr
    assert run.stderr == f"Results are in {run.output}\n"


def test_a_log_gets_a_line_where_a_phase_takes_long(programs, convolution, tmp_path):  # 8 s
    flags = ["--fake=hang", "--timeout=7", "--repeat=2", f"--output={tmp_path}"]
    done = subprocess.run(
        [programs / "dnnbench", "run", convolution, *flags], capture_output=True, text=True
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("[")]
    assert any(re.match(r"\[\d+ s\] fake-hang: \w+.*, \d+ s so far$", line) for line in lines)
    assert len(lines) <= 3


def test_exports_are_the_table_and_nothing_else(bench, convolution):
    flags = [convolution, "--fake=ok", "--fake=crash_on_load"]
    rows = list(csv.DictReader(io.StringIO(bench(*flags, "--export=csv").stdout)))
    assert [row["engine"] for row in rows] == ["fake-ok", "fake-crash_on_load"]
    assert rows[0]["model"] == "tiny" and 0 < float(rows[0]["p50_s"]) < 60
    assert rows[1]["p50_s"] == "" and rows[1]["verdict"] == "crashed"
    objects = json.loads(bench(*flags, "--export=JSON").stdout)
    assert objects[0].keys() == rows[0].keys()
    assert objects[0]["p50_s"] > 0 and objects[1]["p50_s"] is None
    markdown = bench(*flags, "--export=markdown").stdout.splitlines()
    assert markdown[0].startswith("| model | batch | engine | version | median |")
    assert len(markdown) == 4


def test_an_export_stays_alone_where_something_is_compared(bench, convolution):
    run = bench(convolution, "--fake=ok", "--threads=1,2", "--fail-above=5%", "--export=csv")
    rows = list(csv.DictReader(io.StringIO(run.stdout)))
    assert {row["engine"] for row in rows} == {"fake-ok, 1 thread", "fake-ok, 2 threads"}
    assert "Compared with what was before:\n1 compared: " in run.stderr


TABLES = {
    "advise": "advise examples/2021-study --model=BERT --throughput=2",
    "no-plan": "advise examples/2021-study --model=BERT --throughput=9 --max-instances=1 --arch=arm64",
    "sweep": "advise examples/2021-study --model=BERT --throughput=50 --sweep",
    "catalogue": "catalogue --match=c6g",
    "gpus": "catalogue --gpu --max-usd=1",
    "compare": "compare tests/golden/results/c5a.4xlarge tests/golden/results/c5a.4xlarge",
    "missing": "compare tests/golden/results tests/golden/results/c5a.4xlarge --fail-above=5%",
}


@pytest.mark.parametrize("columns", [*WIDTHS, None])
@pytest.mark.parametrize("name", TABLES)
def test_tables_of_fixed_results_look_as_before(programs, name, columns):
    """DNNBENCH_GOLDEN=write (`make golden`) writes the expected files instead."""
    command = [programs / "dnnbench", *TABLES[name].split()]
    if columns:
        text = on_terminal(command, columns)[1]
        assert max(map(len, text.splitlines())) <= columns
    else:
        text = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY).stdout
    path = GOLDEN / f"{name}-{columns or 'pipe'}.txt"
    if os.environ.get("DNNBENCH_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("columns", WIDTHS)
def test_engines_and_their_notes_fit(programs, tmp_path, columns):
    (tmp_path / "dnn-bench" / "engines" / "an-engine-of-another-build").mkdir(parents=True)
    command = [programs / "dnnbench", "engines"]
    seen = on_terminal(command, columns, XDG_CACHE_HOME=str(tmp_path))[1]
    lines = seen.splitlines()
    assert max(len(line) for line in lines if "/" not in line) <= columns
    assert header(lines) == ["engine", "size", "version"]
    assert any(re.match(r"an-engine-of-another-build +0 B  -$", line) for line in lines)
    assert "an-engine-of-another-build: not an engine in this build: " in " ".join(lines)


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_model_s_description_fits(programs, tmp_path, columns):
    model = tiny_models.save(tiny_models.convolution(batch="N"), tmp_path / "open.onnx")
    seen = on_terminal([programs / "dnnbench", "inspect", model], columns)[1]
    assert max(len(line) for line in seen.splitlines() if "/" not in line) <= columns
    assert "measured as 1x3x8x8" in " ".join(seen.split())


@pytest.mark.parametrize("columns", WIDTHS)
def test_the_selftest_s_table_fits(programs, convolution, columns):  # 2 s
    parts = ["--fake=ok,duration_s=0.002", "--fake=ok,duration_s=0.003", "--budget=0.1"]
    seen = on_terminal([programs / "dnnbench", "selftest", convolution, *parts], columns)[1]
    lines = screen(seen)
    assert max(map(len, lines)) <= columns
    names = header(lines)
    assert {"engine", "in turns", "verdict"} <= set(names)
    assert ("a wider terminal or a pipe shows all." in " ".join(lines)) == (len(names) < 7)


@pytest.mark.parametrize("columns", WIDTHS)
def test_help_fits(columns):  # 1 s
    for path in sorted((REPOSITORY / "src" / "cli" / "help").glob("*.txt")):
        code, seen = on_terminal([REPOSITORY / "dnnbench", "help", path.stem], columns)
        assert code == 0 and max(map(len, seen.splitlines())) <= columns
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        assert seen.split() == " ".join(lines).split()


@pytest.mark.parametrize("columns", WIDTHS)
def test_messages_are_broken_between_words(programs, columns):
    unknown = "there is no file mobilenet, and no model has that name; did you mean mobilenetv2-10?"
    no_rate = "which request rate? --throughput=50 is 50 inferences per second"
    for command, words in [
        ([REPOSITORY / "bench_model.sh", "mobilenet"], unknown),
        ([programs / "dnnbench", "advise", "examples"], no_rate),
    ]:
        code, seen = on_terminal(command, columns)
        assert code == 2 and words in " ".join(seen.split())
        assert max(map(len, seen.splitlines())) <= columns
