"""What the page's first lines say (web/verdict.js), of results as they are read: nobody is called the
best where the closing sentence of `dnnbench run` calls nobody so."""

import json
from pathlib import Path

import pytest

import page
from chromium_for_tests import PROGRAM, Chromium
from comparisons import compare
from machines import fleets
from page_test import of_one_run, searched, under_traffic
from read_results import read_results

VIS = Path(__file__).resolve().parent
SAMPLE = VIS.parent.joinpath(
    "tests", "golden", "results", "c5a.4xlarge", "resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
)

pytestmark = pytest.mark.skipif(not PROGRAM, reason="needs Chromium (Debian: chromium)")


@pytest.fixture(scope="module")
def browser():
    with Chromium() as found:
        found.add_scripts(VIS / "web" / "words.js", VIS / "web" / "verdict.js")
        yield found


@pytest.fixture
def first_lines(browser, tmp_path):
    """Of results that are a sample's but for these keys; those not `left_out` by engine."""

    def lines(results: dict[str, dict], left_out: str = "") -> list[str]:
        sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
        for name, keys in results.items():
            known = {"backend": name.split("-")[0], "instance": "box"}
            (tmp_path / f"{name}.json").write_text(json.dumps(sample | known | keys))
        read, complaints = read_results(tmp_path)
        assert complaints == []
        mode = read[0].mode
        [fleet] = [f for f in fleets(compare(read), {}) if f.mode == mode]
        machines = page.model(fleet, set(), tmp_path, [], {})["machines"]
        for machine in machines:
            machine["rows"] = [row for row in machine["rows"] if row["engine"] != left_out]
        said = browser.evaluate(f"Verdict.lines({page.embedded(machines)}, '{mode}')")
        return [line["text"] for line in said]

    return lines


def ranked(**relations: tuple) -> dict[str, dict]:
    """Results of one run, which may be on any machine."""
    run = of_one_run(**{name: (0.02, *relation) for name, relation in relations.items()})
    return {name: keys | {"instance": "box"} for name, keys in run.items()}


BEST = ("best", 1.0, [1.0, 1.0])
TIE = ("tie", 1.002, [0.999, 1.004])
OPEN = ("undecided", 1.02, [0.98, 1.06])
SLOWER = ("slower", 1.27, [1.24, 1.31])


NO_WINNER = "b or c is fastest on box: their intervals overlap, so there is no winner yet."


def test_whoever_ties_may_be_the_fastest_where_another_is_undecided(first_lines):
    run = ranked(a=BEST, b=TIE, c=OPEN, d=SLOWER)
    assert first_lines(run) == [
        "a or b or c is fastest on box: undecided, so there is no winner yet."
    ]


@pytest.mark.parametrize(
    ("of_c", "sentence"),
    [
        (("slower", 1.5, [1.4, 1.6]), "b is fastest on box, 20.0 ms: c takes 1.18\u00d7 the time."),
        (("slower", 1.3, [1.28, 1.4]), NO_WINNER),
        (("undecided", 1.5, None), NO_WINNER),
    ],
)
def test_of_a_run_without_its_best_intervals_decide(first_lines, of_c, sentence):
    """Two that took turns with the fastest, which is deselected."""
    assert first_lines(ranked(a=BEST, b=SLOWER, c=of_c), left_out="a") == [sentence]


def test_medians_of_different_runs_make_nobody_the_fastest(first_lines):
    runs = {"a": {"run_id": "1"}, "b": {"run_id": "2", "data": [0.9] * 30}}
    [said] = first_lines(runs)
    assert said.startswith("a has the shortest time on box, ") and "fastest" not in said


def at_full_throughput(per_s: float, low: float | None, high: float | None) -> dict:
    tried = {"streams": 1, "threads": 1, "least_per_s": low, "greatest_per_s": high}
    full = {"settings": "cpu", "chosen": 0, "tried": [tried]}
    return {"mode": "throughput", "throughput": full, "throughput_per_s": per_s}


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"b": (85, 80, 88)}, "a has the highest throughput on box: 100 items/s; b 85.0 items/s."),
        (
            {"b": (99, 85, 112)},
            "a or b has the highest throughput on box: their intervals overlap, so there is no winner yet.",
        ),
        (
            {"b": (85, 80, 88), "c": (80, 60, 95)},
            "a or c has the highest throughput on box: their intervals overlap, so there is no winner yet.",
        ),
        (
            {"b": (85, None, None)},
            "a or b has the highest throughput on box: not all of them have an interval, so there is no winner yet.",
        ),
    ],
)
def test_throughputs_whose_intervals_overlap_have_no_winner(first_lines, others, sentence):
    results = {"a": at_full_throughput(100, 90, 110)}
    results |= {name: at_full_throughput(*figures) for name, figures in others.items()}
    assert first_lines(results) == [sentence]


@pytest.mark.parametrize(
    ("of_b", "wins"),
    [
        ({"surely_not_per_s": 55.0}, True),
        ({"surely_not_per_s": 65.0}, False),
        ({"surely_not_per_s": None}, False),
    ],
)
def test_rates_win_where_one_is_surely_sustained_and_the_other_surely_not(first_lines, of_b, wins):
    """Two that reached the same rate are compared by it, too, and not by their p99 at it."""
    a, b = searched(60, 0.2), searched(60, 0.2)
    a["load"] |= {"surely_carried_per_s": 55.0, "surely_not_per_s": 65.0}
    b["load"] |= of_b
    [said] = first_lines({"a": a | {"instance": "box"}, "b": b | {"instance": "box"}})
    what = "sustains the highest request rate on box with a p99 within 200 ms: "
    if wins:
        assert said == f"a {what}60.0/s; b 60.0/s."
    else:
        assert said == f"a or b {what}their intervals overlap, so there is no winner yet."


def test_published_figures_within_their_reading_errors_have_no_winner(first_lines):
    def published(per_s: float) -> dict:
        return {"published": {"throughput_per_s": per_s, "plus_minus_per_s": 3.0}}

    results = {"a": published(100), "b": published(95), "c": published(90)}
    results = {name: keys | {"schema_version": None} for name, keys in results.items()}
    assert first_lines(results) == [
        "a or b is fastest on box: their reading errors overlap, so there is no winner."
    ]


def on_four_machines(*results: dict[str, dict]) -> dict[str, dict]:
    return {
        f"{name}-{i}": keys | {"instance": f"box-{i}"}
        for i, of_machine in enumerate(results)
        for name, keys in of_machine.items()
    }


@pytest.mark.parametrize(
    ("machines", "sentence"),
    [
        ([ranked(a=BEST, b=TIE)] * 4, "No winner on 4 of 4 machines."),
        (
            [ranked(a=BEST, b=SLOWER), ranked(a=BEST, b=OPEN), ranked(a=BEST), ranked(a=BEST)],
            "a is fastest on 1 of 4 machines: the next engine takes 1.27 times as long; no winner on 1; no other engine on 2.",
        ),
        (
            [{"a": under_traffic(0.02, 0.015, 0.03), "b": under_traffic(0.021, 0.016, 0.03)}] * 4,
            "No winner on 4 of 4 machines.",
        ),
    ],
)
def test_machines_without_a_winner_are_not_counted_as_won(first_lines, machines, sentence):
    assert first_lines(on_four_machines(*machines)) == [sentence]
