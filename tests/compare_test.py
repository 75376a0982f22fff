"""dnnbench compare: files of a real run, with times that are known."""

import csv
import io
import json

import pytest

FLAGS = ["--repeat=60", "--warmup=0"]


def edit(run, **changes):
    for path in run.json_files():
        result = json.loads(path.read_text())
        path.write_text(json.dumps(result | changes))


def quieten(run, factor: float):
    """The times of a quiet machine in place of the measured ones, `factor` times as long; nothing is
    known of its runs."""
    for path in run.json_files():
        result = json.loads(path.read_text())
        count = len(result["data"])
        result["data"] = [0.002 * factor * (1 + 0.001 * (i % 3)) for i in range(count)]
        result["noise"]["suspect"] = False
        result["run_to_run"] = None
        path.write_text(json.dumps(result))


@pytest.fixture
def before(bench, convolution):
    run = bench(convolution, "--fake=ok,duration_s=0.002", *FLAGS, quick=False)
    quieten(run, 1)
    return run


@pytest.fixture
def after(bench, convolution, before, tmp_path):
    for path in before.json_files():
        (tmp_path / path.name).write_text(path.read_text())
    run = type(before)(0, "", "", tmp_path)
    quieten(run, 1.5)
    return run


def test_a_folder_with_itself_is_no_change(dnnbench, before):
    done = dnnbench("compare", before.output, before.output, "--fail-above=0%")
    assert done.returncode == 0
    assert done.stderr == ""
    answer, empty, header, *_ = done.stdout.splitlines()
    assert answer.startswith("1 compared: 0 slower, 0 faster, 0 broken or missing.")
    assert empty == ""
    assert header.split() == [*("model", "engine", "before", "after", "after/before", "verdict")]
    assert "warning" not in done.stdout


def test_what_got_slower_is_reported_and_fails(dnnbench, before, after):
    done = dnnbench("compare", before.output, after.output)
    assert done.returncode == 0
    assert "  1.50x [1." in done.stdout
    assert "  slower\n" in done.stdout
    done = dnnbench("compare", before.output, after.output, "--fail-above=5%")
    assert done.returncode == 3
    assert "1 worse than --fail-above=5% allows." in done.stdout
    assert dnnbench("compare", before.output, after.output, "--fail-above=90%").returncode == 5
    assert dnnbench("compare", before.output, after.output, "--fail-above=150%").returncode == 0
    assert dnnbench("compare", after.output, before.output, "--fail-above=5%").returncode == 0


def test_what_broke_fails(dnnbench, bench, convolution, before, after):
    edit(after, outcome="crashed", reason="ended by SIGSEGV", data=[])
    done = dnnbench("compare", before.output, after.output, "--fail-above=5%")
    assert done.returncode == 3
    assert "broken\n" in done.stdout
    assert ": ended by SIGSEGV\n" in done.stdout


def test_it_warns_where_conditions_differ(dnnbench, before, after):
    edit(after, threads=64)
    done = dnnbench("compare", before.output, after.output)
    assert "warning: threads differs: " in done.stdout
    assert " 64 after\n" in done.stdout


def test_exports(dnnbench, before, after):
    def export(kind):
        return dnnbench("compare", before.output, after.output, f"--export={kind}").stdout

    (row,) = csv.DictReader(io.StringIO(export("csv")))
    assert row["verdict"] == "slower"
    assert float(row["ratio"]) == pytest.approx(1.5)
    assert float(row["ratio_low"]) <= 1.5 <= float(row["ratio_high"])
    assert float(row["after_s"]) == pytest.approx(1.5 * float(row["before_s"]))
    lines = export("markdown").splitlines()
    assert lines[0].startswith("| model | engine |")
    assert {line.count("|") for line in lines} == {7}
    (entry,) = json.loads(export("github-action-benchmark"))
    assert entry["unit"] == "ms"
    assert entry["value"] == pytest.approx(1e3 * float(row["after_s"]))


@pytest.mark.parametrize(
    "flags, sentence",
    [
        (["{folder}"], "two folders of results"),
        (["{folder}", "{folder}", "{folder}"], "two folders of results"),
        (["{folder}", "/no/such/folder"], "there is no folder /no/such/folder"),
        (["{folder}", "{empty}"], "there are no results below"),
        (
            ["{folder}", "{folder}", "--fail-above=5"],
            "--fail-above must be a percentage such as 5%",
        ),
        (
            ["{folder}", "{folder}", "--fail-above=nan%"],
            "--fail-above must be a percentage such as 5%",
        ),
        (["{folder}", "{folder}", "--export=xml"], "xml"),
        (["{folder}", "{folder}", "--fial-above=5%"], "did you mean --fail-above?"),
    ],
)
def test_wrong_usage_is_one_sentence(dnnbench, before, tmp_path, flags, sentence):
    words = [word.format(folder=before.output, empty=tmp_path) for word in flags]
    done = dnnbench("compare", *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
