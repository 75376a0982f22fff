"""Drives index.html in headless Chromium."""

import json
import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import draw
import themes
from chromium_for_tests import PROGRAM, Chromium
from page import converted_and_loaded_s

REPOSITORY = Path(__file__).resolve().parent.parent
GOLDEN = REPOSITORY / "tests" / "golden"
SAMPLE = GOLDEN / "results/c5a.4xlarge/resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
BERT = "#model=bertsquad-10.onnx"
RESNET = "#model=resnet50-v1-7.onnx"
EXTREME = "#model=extreme.onnx"
DETECTOR = "#model=a-detector-with-a-rather-long-name-2026-opset-21-simplified.onnx"  # no price

needs_chromium = pytest.mark.skipif(not PROGRAM, reason="needs Chromium (Debian: chromium)")


def page_alone(results: Path, plots: Path, rates=()) -> Path:
    """The page without the pictures beside it, which take longer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "write", lambda picture, folder: None)
        draw.draw_folder(results, plots, lambda sentence: None, draw.Wishes(rates=list(rates)))
    return plots / "index.html"


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The samples, and a model of extremes: wide ratios, one measurement, markup in texts."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(GOLDEN / "results", folder / "results")
    for i, (data, meta) in enumerate(
        [
            ([8e-6] * 3, "cpu"),
            ([0.9], "llvm-" + "x" * 50),
            ([8.1e-6, 4e-6, 8e-5], "cuda"),
            ([1e-5], "a"),
        ]
    ):
        sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
        sample |= {"model_path": "/m/extreme.onnx", "data": data, "backend_meta": meta}
        (folder / "results" / f"extreme-{i}.json").write_text(json.dumps(sample))
    evil = sample | {"outcome": "failed", "data": [], "backend": "fake", "backend_meta": "markup"}
    evil["reason"] = "</script><script>document.title='evil'</script><b>&amp;"
    (folder / "results" / "evil.json").write_text(json.dumps(evil))
    (folder / "results" / "broken.json").write_text("{")
    (folder / "results" / "c5a.4xlarge" / json.loads(SAMPLE.read_text())["log_path"]).write_text("")
    return page_alone(folder / "results", folder / "plots")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    return page_alone(REPOSITORY / "examples" / "2021-study", tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def chromium():
    with Chromium() as browser:
        yield browser


@pytest.fixture
def open_page(chromium):
    def open_it(path: Path, hash_: str = "", color_scheme: str = "light", **options: object):
        chromium.open(path.as_uri() + hash_, color_scheme=color_scheme, **options)
        chromium.wait_for(f"document.body && document.body.dataset.drawn === '{color_scheme}'")
        return chromium

    return open_it


def results_page(folder: Path, results: dict[str, dict]) -> Path:
    """The page of results that differ from SAMPLE in some keys; by file name."""
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    (folder / "results").mkdir()
    for name, keys in results.items():
        (folder / "results" / f"{name}.json").write_text(json.dumps(sample | keys))
    return page_alone(folder / "results", folder / "plots")


def two_machines(folder: Path) -> Path:
    return results_page(folder, {name: {"instance": f"c5a.{name}"} for name in ("large", "xlarge")})


def text(browser: Chromium, place: str) -> str:
    return browser.evaluate(f"document.querySelector({place!r}).innerText")


def plans(browser: Chromium) -> list[list[str]]:
    """Machines and $ per hour of each row."""
    return browser.evaluate(
        "[...document.querySelectorAll('#plans tbody tr')]"
        ".map(row => [row.cells[1].innerText, row.cells[3].innerText])"
    )


def give(browser: Chromium, field: str, value: object) -> None:
    """As a person does who types or drags."""
    browser.evaluate(
        f"{{ const field = document.getElementById('{field}'); field.value = {value!r};"
        "field.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    browser.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 400)))")


def click(browser: Chromium, place: str) -> None:
    browser.evaluate(f"document.querySelector({place!r}).click()")


@needs_chromium
@pytest.mark.parametrize("hash_", ["", RESNET, EXTREME, BERT, DETECTOR])
def test_works_offline_and_without_complaint(open_page, page, hash_):
    browser = open_page(page, hash_)
    assert [urlsplit(url)._replace(fragment="").geturl() for url in browser.requests()] == [
        page.as_uri()
    ]
    assert browser.complaints() == []


@needs_chromium
@pytest.mark.parametrize(
    ("wishes", "best", "price"),
    [
        ("&rate=2", "3 \u00d7 c6g.medium", "$0.102"),
        ("&rate=50", "1 \u00d7 g4dn.xlarge", "$0.526"),
        ("&rate=10.94", "6 \u00d7 c5a.large", "$0.462"),
        ("&rate=10.96", "1 \u00d7 g4dn.xlarge", "$0.526"),
        ("&rate=2&single=1", "1 \u00d7 c6g.2xlarge", "$0.272"),
        ("&rate=2&latency=0.2", "1 \u00d7 c5n.2xlarge", "$0.432"),
        ("&rate=50&without-machine=g4dn.xlarge", "28 \u00d7 c5a.large", "$2.156"),
    ],
)
def test_the_study_s_answers(open_page, study, wishes, best, price):
    browser = open_page(study, BERT + wishes)
    assert plans(browser)[0] == [best, price]
    assert best in text(browser, "#answer") and price in text(browser, "#answer")


@needs_chromium
def test_ratios_of_the_study(open_page, study):
    answer = text(open_page(study, BERT + "&rate=50"), "#answer")
    other = "The cheapest on another machine type is 28 \u00d7 c5a.large"
    assert other in answer and "$2.156 per hour, 4.10 times as much" in answer
    browser = open_page(study, BERT + "&rate=2")
    row = "[...document.querySelectorAll('#plans tr')].find(r => r.innerText.includes('g4dn')).innerText"
    assert "5.16\u00d7" in browser.evaluate(row)


@needs_chromium
@pytest.mark.parametrize(("rate", "best"), [(10, "c5a.large"), (100, "g4dn.xlarge")])
def test_a_single_machine_for_resnet50(open_page, study, rate, best):
    browser = open_page(study, f"#model=resnet50v1.onnx&single=1&rate={rate}")
    assert plans(browser)[0][0] == f"1 \u00d7 {best}"


LINE_Y = (
    f"document.querySelector('#by-price-picture line[stroke=\"{themes.LIGHT.line}\"]')"
    ".getAttribute('transform')"
)


@needs_chromium
def test_the_slider_moves_the_line_and_ranks_again(open_page, study):
    browser = open_page(study, BERT + "&rate=2")
    before, line = plans(browser), browser.evaluate(LINE_Y)
    browser.evaluate("document.getElementById('rate-slider').focus()")
    for _ in range(150):
        browser.press("ArrowRight")
    browser.evaluate("new Promise(done => setTimeout(done, 400))")
    rate = float(browser.evaluate("document.getElementById('rate').value"))
    assert rate > 5 and f"rate={rate:g}" in browser.evaluate("location.hash")
    assert plans(browser) != before and browser.evaluate(LINE_Y) != line
    assert f"{rate:g}/s" in browser.evaluate(
        "document.querySelector('#by-price-picture').textContent"
    )
    assert browser.complaints() == []


@needs_chromium
def test_the_latency_slider(open_page, study):
    browser = open_page(study, BERT + "&rate=2")
    assert text(browser, "#latency-words") == "any latency"
    give(browser, "latency", "0.2")
    assert plans(browser)[0][0] == "1 \u00d7 c5n.2xlarge"
    assert "1.43 s (mean) exceeds 200 ms: too slow" in browser.evaluate(
        "document.getElementById('rejected-list').textContent"
    )
    give(browser, "latency-slider", 0)
    assert "No plan serves" in text(browser, "#answer") and "19.4 ms" in text(browser, "#answer")
    assert browser.evaluate("document.getElementById('cost').hidden") is True
    give(browser, "latency-slider", 1000)
    assert plans(browser)[0][0] == "3 \u00d7 c6g.medium" and "latency" not in browser.evaluate(
        "location.hash"
    )
    assert browser.complaints() == []


@needs_chromium
def test_what_is_no_number_above_0_is_marked_and_changes_nothing(open_page, study):
    browser = open_page(study, BERT + "&rate=2")
    before = plans(browser)
    invalid = "document.getElementById('rate').getAttribute('aria-invalid')"
    for wrong in ("0", "-1", ""):
        give(browser, "rate", wrong)
        assert browser.evaluate(invalid) == "true" and plans(browser) == before
    give(browser, "rate", "3.5")
    assert browser.evaluate(invalid) == "false" and plans(browser) != before


@needs_chromium
@pytest.mark.parametrize(
    "hash_",
    ["#", "#model=none&rate=x&latency=-3", "#rate=1e400", "#without-machine=none&mode=load", "#%"],
)
def test_any_address_shows_something(open_page, study, hash_):
    browser = open_page(study, hash_)
    assert plans(browser) and browser.complaints() == []


@needs_chromium
def test_choices_are_in_the_address_and_come_back_from_it(open_page, study):
    browser = open_page(study, BERT + "&rate=50")
    click(browser, "#machines input[value='g4dn.xlarge']")
    click(browser, "#engines input[value='PyTorch']")
    click(browser, "#single")
    address = browser.evaluate("location.hash")
    assert text(browser, "#answer").startswith("No plan serves 50")
    click(browser, "#single")
    assert plans(browser)[0][0] == "28 \u00d7 c5a.large"
    browser = open_page(study, address)
    assert browser.evaluate("document.getElementById('single').checked") is True
    assert (
        browser.evaluate("[...document.querySelectorAll('.check input:not(:checked)')].length") == 2
    )
    assert "PyTorch" not in text(browser, "#ratios")


@needs_chromium
def test_all_and_none(open_page, study):
    browser = open_page(study, BERT)
    click(browser, "[data-all='machine-false']")
    assert text(browser, "#ratios") == "Nothing is selected." and "No plan" in text(
        browser, "#plans"
    )
    click(browser, "[data-all='machine-true']")
    assert plans(browser)[0][0] == "3 \u00d7 c6g.medium" and browser.complaints() == []


@needs_chromium
def test_another_model(open_page, study):
    browser = open_page(study, BERT)
    browser.evaluate(
        "{ const m = document.getElementById('model'); m.value = 'yolo_v4.onnx';"
        "m.dispatchEvent(new Event('change')); }"
    )
    assert "model=yolo_v4.onnx" in browser.evaluate("location.hash")
    assert "c6g.medium" not in text(browser, "main")
    assert browser.evaluate("document.querySelectorAll('.machine').length") == 4


@needs_chromium
def test_results_of_another_mode_are_chosen_apart_and_not_planned_with(open_page, tmp_path):
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    (tmp_path / "results").mkdir()
    for mode, throughput in (("latency", 30.1), ("load", 12.5)):
        keys = {"mode": mode, "throughput_per_s": throughput}
        (tmp_path / "results" / f"{mode}.json").write_text(json.dumps(sample | keys))
    browser = open_page(page_alone(tmp_path / "results", tmp_path / "plots"))
    assert browser.evaluate("[...document.getElementById('mode').options].map(o => o.value)") == [
        "latency",
        "load",
    ]
    assert len(plans(browser)) == 1 and "12.5" not in text(browser, "#machine-list")
    browser.evaluate(
        "{ const m = document.getElementById('mode'); m.value = 'load';"
        "m.dispatchEvent(new Event('change')); }"
    )
    assert "mode=load" in browser.evaluate("location.hash")
    assert browser.evaluate("document.getElementById('deploy').hidden") is True
    assert "12.5" in browser.evaluate("document.getElementById('machine-list').textContent")
    assert browser.complaints() == []


@needs_chromium
def test_a_machine_with_several_processes_is_planned_with(open_page, tmp_path):
    """Known from load mode alone, and from throughput mode alone: no times to compare."""
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    (tmp_path / "results").mkdir()
    rates = [
        {"rate_per_s": rate, "p99_s": p99, "verdict": "carried" if p99 else "overloaded"}
        for rate, p99 in ((50, 0.04), (70, 0.09), (90, None))
    ]
    load = {"settings": "cpu-streams=2", "carried_per_s": 70, "rates": rates}
    full = {"settings": "cpu-streams=4", "chosen": 0, "tried": [{"threads": 1}]}
    known = {
        "load": sample | {"mode": "load", "load": load, "throughput_per_s": 70, "streams": 2},
        "full": sample | {"mode": "throughput", "throughput": full, "throughput_per_s": 120.0},
    }
    known["full"]["streams"] = 4
    for name, result in known.items():
        (tmp_path / "results" / f"{name}.json").write_text(json.dumps(result | {"batch": None}))
    page = page_alone(tmp_path / "results", tmp_path / "plots")
    browser = open_page(page, f"{RESNET}&rate=60&latency=0.1")
    assert [machines[:3] for machines, _ in plans(browser)] == ["1 \u00d7", "3 \u00d7"]
    assert "OpenVINO 2 processes" in text(browser, "#plans")
    assert "OpenVINO 4 processes" in text(browser, "#plans")
    assert "capacity above the measured rates unknown" in text(browser, "#plans")
    assert "69.0" in text(browser, "#plans")  # what three sustain within the latency
    assert browser.evaluate("document.querySelectorAll('.machine').length") == 0
    assert browser.complaints() == []


@needs_chromium
def test_light_and_dark_follow_the_reader_s_choice(open_page, tmp_path):
    fills = "[...document.querySelectorAll('#by-price-picture .mark-rect path')].map(e => e.getAttribute('fill'))"
    ground = "getComputedStyle(document.body).backgroundColor"
    browser = open_page(two_machines(tmp_path), RESNET)
    assert browser.evaluate(ground) == "rgb(255, 255, 255)"
    assert themes.LIGHT.bar in browser.evaluate(fills)
    browser.set_color_scheme("dark")
    browser.wait_for("document.body.dataset.drawn === 'dark'")
    assert browser.evaluate(ground) == "rgb(20, 23, 28)"
    drawn = browser.evaluate(fills)
    assert themes.DARK.bar in drawn and themes.LIGHT.bar not in drawn
    assert browser.complaints() == []


@needs_chromium
def test_each_outcome_is_shown_as_what_it_is(open_page, page):
    browser = open_page(page, RESNET)
    for place in ("ratios", "machine-list"):
        shown = browser.evaluate(f"document.getElementById('{place}').textContent")
        for words in ("Crashed", "Unsupported", "Wrong output"):
            assert words in shown
    cells = browser.evaluate(
        "[...document.querySelectorAll('#ratios tbody tr')].map(r => [r.cells[0].innerText, r.cells[1].innerText])"
    )
    assert dict(cells)["TVM llvm, f32"] == "2.59\u00d7\nunverified"
    assert dict(cells)["OpenVINO default precision"] == "1.00\u00d7"
    bars = "[...document.querySelectorAll('.fill')].map(e => e.className)"
    assert sorted(browser.evaluate(bars)) == ["fill unverified"] + ["fill verified"] * 3
    out = browser.evaluate("document.getElementById('rejected-list').textContent")
    assert "TVM" not in out  # unverified results are planned with, and marked
    assert "Unverified: outputs were not compared with a reference." in text(browser, "#plans")


@needs_chromium
def test_engines_of_one_run_are_compared_as_the_run_did(open_page, tmp_path):
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    best = {"relation": "best", "vs_best": 1.0, "vs_best_interval": [1.0, 1.0]}
    slower = {"relation": "slower", "vs_best": 1.271, "vs_best_interval": [1.24, 1.31]}
    tie = {"relation": "tie", "vs_best": 1.002, "vs_best_interval": [0.999, 1.004]}
    few = {"relation": "undecided", "vs_best": 1.5, "vs_best_interval": None}
    rankings = {"a": best, "b": slower, "c": tie, "d": few}

    def against(runs: list[str]) -> dict[str, str]:
        folder = tmp_path / "-".join(runs)
        for (name, ranking), run in zip(rankings.items(), runs):
            path = folder / "results" / "c5a.large" / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                json.dumps(sample | {"ranking": ranking, "run_id": run, "backend_meta": name})
            )
        browser = open_page(page_alone(folder / "results", folder / "plots"))
        rows = browser.evaluate(
            "[...document.querySelectorAll('table.results tbody tr')].map((row) =>"
            " [row.cells[0].textContent.trim().slice(-1), row.cells[7].textContent])"
        )
        return dict(rows)

    together = {
        "a": "1.00\u00d7",
        "b": "1.27\u00d7 [1.24, 1.31]",
        "c": "tie",
        "d": "1.50\u00d7 [?]",
    }
    assert against(["1", "1", "1", "1"]) == together
    assert set(against(["1", "1", "1", "2"]).values()) == {"1.00\u00d7"}  # their medians are equal


def test_gives_no_percentile_from_few(open_page, page):
    browser = open_page(page, RESNET)
    row = browser.evaluate(
        "[...[...document.querySelectorAll('.results tbody tr')].find(r => r.textContent.includes('TVM')).cells].map(c => c.textContent)"
    )
    assert row[4:8] == ["44.8 ms", "\u2013", "\u2013", "\u2013"]


@needs_chromium
def test_distribution_and_course_on_demand(open_page, page):
    browser = open_page(page, RESNET)
    click(browser, "button[aria-expanded]")
    browser.wait_for("document.querySelectorAll('tr.times svg').length === 2")
    assert browser.evaluate("document.querySelectorAll('tr.times .mark-rect path').length") > 20
    assert "Time (ms)" in browser.evaluate("document.querySelector('tr.times').textContent")
    click(browser, "button[aria-expanded=true]")
    assert browser.evaluate("document.querySelectorAll('tr.times').length") == 0
    assert browser.complaints() == []


def of_one_run(**rankings: tuple) -> dict[str, dict]:
    """Results of one run by backend: the seconds of an inference, relation, ratio and interval."""
    return {
        backend: {
            "backend": backend,
            "data": [seconds] * 30,
            "instance": "my-box",
            "run_id": "1",
            "started_at": "2026-11-20T10:00:00Z",
            "ranking": {
                "relation": relation,
                "vs_best": ratio,
                "vs_best_interval": interval,
                "confidence": 0.99,
                "probability": 0.99449,
            },
        }
        for backend, (seconds, relation, ratio, interval) in rankings.items()
    }


@needs_chromium
@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (
            ("slower", 1.27, [1.24, 1.31]),
            "OpenVINO is fastest on my-box, 20.0 ms: ONNX Runtime takes 1.27\u00d7 [1.24, 1.31] the time (confidence \u2265 99.44 %).",
        ),
        (
            ("tie", 1.002, [0.999, 1.004]),
            "OpenVINO and ONNX Runtime tie on my-box: within 1 % (confidence \u2265 99.44 %).",
        ),
        (
            ("undecided", 1.1, None),
            "OpenVINO or ONNX Runtime is fastest on my-box: undecided, so there is no winner yet.",
        ),
    ],
)
def test_the_page_opens_with_the_winner(open_page, tmp_path, other, sentence):
    """On a machine of one's own, which has no price: a ranking, and no word of plans."""
    run = of_one_run(openvino=(0.02, "best", 1.0, [1.0, 1.0]), onnxruntime=(0.0254, *other))
    browser = open_page(results_page(tmp_path, run))
    assert sentence in text(browser, "#verdict")
    assert "Measured 2026-11-20." in text(browser, "#verdict")
    assert "AMD EPYC 7R32" in text(browser, "#verdict")
    above = (
        "document.getElementById('verdict').offsetTop < document.getElementById('choice').offsetTop"
    )
    assert browser.evaluate(above) is True
    assert "lans" not in text(browser, "body")
    assert f"{other[1]:.2f}\u00d7" in text(browser, "#ratios")
    assert browser.complaints() == []


RATIOS = "[...document.querySelectorAll('#ratios tbody tr')].map(row => row.cells[1].innerText)"


@needs_chromium
def test_batches_are_compared_in_items_and_say_so(open_page, tmp_path):
    """A batch of 4 in 30 ms is more items per second than one in 10 ms, and no faster answer."""
    four = {"backend_meta": "cpu-batch=4", "batch": 4, "data": [0.03] * 30}
    one = {"backend_meta": "cpu-batch=1", "batch": 1, "data": [0.01] * 30}
    results = {name: {"instance": "my-box"} | keys for name, keys in (("four", four), ("one", one))}
    browser = open_page(results_page(tmp_path, results))
    verdict = text(browser, "#verdict")
    assert "has the highest throughput on my-box: 133 items/s; " in verdict
    assert " 100 items/s." in verdict and "takes" not in verdict
    assert sorted(browser.evaluate(RATIOS)) == ["1.00\u00d7", "1.33\u00d7"]
    headings = "[...document.querySelectorAll('.results th[scope=col]')].map(h => h.textContent)"
    assert "Items/s" in browser.evaluate(headings)
    title = "document.querySelector('#ratios tbody td').title"
    assert "items/s" in browser.evaluate(title)
    assert "Time per item" in text(browser, "#results-note")
    assert browser.complaints() == []


@needs_chromium
def test_a_plan_says_what_its_measurement_lacks(open_page, tmp_path):
    """Cores, an interval of the throughput, and rates below one that overloaded the machine."""
    part = {"environment": {"logical_cores": 16, "affinity_cores": 2}, "instance": "c5a.large"}
    full = {"settings": "cpu-streams=2", "chosen": 0, "tried": [{"per_s": 800.0}]}
    few = {"mode": "throughput", "throughput": full, "throughput_per_s": 800.0, "streams": 2}
    rates = [{"rate_per_s": 80.0, "verdict": "overloaded", "p99_s": None}]
    load = {"mode": "load", "load": {"settings": "cpu", "rates": rates}, "instance": "c5a.xlarge"}
    few |= {"environment": {}, "instance": "c5a.2xlarge"}
    alone = {"instance": "c5a.xlarge", "data": [0.01] * 30}
    results = {"part": part, "few": few, "alone": alone, "load": load}
    browser = open_page(results_page(tmp_path, results), "#model=resnet50-v1-7.onnx&rate=1")
    notes = browser.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#plans tbody tr')].map(row =>"
        " [row.cells[1].innerText.split(' ')[2].split('\\n')[0], row.cells[9].innerText]))"
    )
    assert set(notes) == {"c5a.large", "c5a.2xlarge"}
    assert "fewer cores" in notes["c5a.large"]
    assert "no interval" in notes["c5a.2xlarge"]
    assert "fewer cores" not in notes["c5a.2xlarge"]
    browser.evaluate("document.getElementById('rejected').open = true")
    assert "80.0/s, the lowest measured rate, was more than it can do" in text(browser, "#rejected")
    assert browser.complaints() == []


@needs_chromium
def test_throughput_mode_counts_items(open_page, tmp_path):
    tried = {"streams": 1, "threads": 1, "least_per_s": 790, "greatest_per_s": 810}
    full = {"settings": "cpu-batch=8", "chosen": 0, "tried": [tried]}
    known = {"mode": "throughput", "throughput": full, "throughput_per_s": 800.0, "batch": 8}
    page = results_page(tmp_path, {"a": known | {"instance": "my-box"}})
    browser = open_page(page, f"{RESNET}&mode=throughput")
    assert "has the highest throughput on my-box: 800 items/s." in text(browser, "#verdict")
    headings = browser.evaluate(
        "[...document.querySelectorAll('.results th[scope=col]')].map(h => h.textContent)"
    )
    assert "Items/s" in headings and "Inferences/s" not in headings
    title = browser.evaluate("document.querySelector('#ratios tbody td').title")
    assert title.startswith("800 items/s, verified")
    assert text(browser, "#results-note").startswith("Time per item at full throughput")
    assert "Time of an item" in browser.evaluate("document.querySelector('#ratios').textContent")
    assert browser.complaints() == []


@needs_chromium
def test_the_ratios_of_a_run_count_before_its_medians(open_page, tmp_path):
    """Engines that leave a run at different times have medians that contradict their ratios."""
    run = of_one_run(
        openvino=(0.02, "best", 1.0, [1.0, 1.0]),
        onnxruntime=(0.03, "slower", 1.2, [1.1, 1.3]),
        tvm=(0.028, "slower", 1.5, [1.4, 1.6]),
    )
    page = results_page(tmp_path, run)
    browser = open_page(page)
    assert "ONNX Runtime takes 1.20\u00d7 [1.10, 1.30] the time" in text(browser, "#verdict")
    assert sorted(browser.evaluate(RATIOS)) == ["1.00\u00d7", "1.20\u00d7", "1.50\u00d7"]
    browser = open_page(page, "#model=resnet50-v1-7.onnx&without-engine=OpenVINO")
    verdict = "ONNX Runtime is fastest on my-box, 30.0 ms: TVM takes 1.25\u00d7 the time."
    assert verdict in text(browser, "#verdict")
    assert sorted(browser.evaluate(RATIOS)) == ["1.00\u00d7", "1.25\u00d7"]
    column = "[...document.querySelectorAll('.results tbody tr')].map(r => r.cells[7].textContent)"
    assert sorted(browser.evaluate(column)) == ["1.00\u00d7", "1.25\u00d7"]


@needs_chromium
def test_rankings_of_each_precision_are_not_taken_for_one(open_page, tmp_path):
    """Without a bound on the error each precision has a best of its own."""
    f32 = of_one_run(
        openvino=(0.01, "best", 1.0, [1.0, 1.0]), onnxruntime=(0.013, "slower", 1.3, [1.2, 1.4])
    )
    int8 = of_one_run(
        openvino=(0.004, "best", 1.0, [1.0, 1.0]), onnxruntime=(0.006, "slower", 1.5, [1.4, 1.6])
    )
    results = {
        f"{engine}-{precision}": keys
        | {"precision": precision, "backend_meta": f"cpu-precision={precision}"}
        | {"acceptance": {"accepted": True if precision == "f32" else None, "reason": ""}}
        for precision, run in (("f32", f32), ("int8", int8))
        for engine, keys in run.items()
    }
    browser = open_page(results_page(tmp_path, results))
    verdict = text(browser, "#verdict")
    assert (
        "OpenVINO int8 has the shortest time on my-box, 4.00 ms: ONNX Runtime int8 takes 1.50\u00d7"
        in verdict
    )
    assert "Ranked within each precision only, so the ratio has no interval." in verdict
    ratios = ["1.00\u00d7", "1.50\u00d7", "2.50\u00d7", "3.25\u00d7"]
    assert sorted(browser.evaluate(RATIOS)) == ratios
    column = "[...document.querySelectorAll('.results tbody tr')].map(r => r.cells[7].textContent)"
    assert sorted(browser.evaluate(column)) == ratios


INT8 = {"precision": "int8", "backend_meta": "cpu-precision=int8", "ranking": None}
REFUSED = INT8 | {"acceptance": {"accepted": False, "reason": "an error of 0.3 is above the bound"}}


@needs_chromium
@pytest.mark.parametrize("verdict", ["ok", "unverified"])
def test_a_variant_that_is_not_accepted_is_not_the_fastest(open_page, tmp_path, verdict):
    run = of_one_run(
        openvino=(0.02, "best", 1.0, [1.0, 1.0]), onnxruntime=(0.03, "slower", 1.2, [1.1, 1.3])
    )
    int8 = run["openvino"] | REFUSED | {"data": [0.01] * 30}
    int8["verification"] = {"verdict": verdict, "reason": ""}
    browser = open_page(results_page(tmp_path, run | {"int8": int8}))
    first = (
        "OpenVINO f32 is fastest on my-box, 20.0 ms: ONNX Runtime f32 takes 1.20\u00d7 [1.10, 1.30]"
    )
    assert first in text(browser, "#verdict")
    ratios = ["0.50\u00d7\nnot accepted", "1.00\u00d7", "1.20\u00d7"]
    assert sorted(browser.evaluate(RATIOS)) == ratios
    bars = "[...document.querySelectorAll('.fill')].map(e => e.className)"
    assert browser.evaluate(bars) == ["fill verified", "fill verified", "fill unverified"]
    rows = browser.evaluate("document.getElementById('machine-list').textContent")
    assert "an error of 0.3 is above the bound" in rows


@needs_chromium
@pytest.mark.parametrize("reason", ["", "Random operators."])
def test_a_variant_that_is_not_accepted_wins_nowhere(open_page, tmp_path, reason):
    """Neither alone nor before an engine whose outputs nobody verified."""
    of_box = {"instance": "my-box"}
    results = {"int8": of_box | REFUSED | {"data": [0.01] * 30}}
    if reason:
        unverified = {"verification": {"verdict": "unverified", "reason": reason}}
        results["f32"] = of_box | unverified | {"data": [0.02] * 30}
    browser = open_page(results_page(tmp_path, results))
    verdict = text(browser, "#verdict")
    if reason:
        assert "OpenVINO f32 on my-box: 20.0 ms. No other engine has a rank." in verdict
        assert "0.50\u00d7" in text(browser, "#ratios")
    else:
        assert "No ranking on my-box: no variant is accepted." in verdict
        assert "an error of 0.3 is above the bound" in verdict
    assert browser.complaints() == []


@needs_chromium
def test_the_best_of_a_slower_run_is_not_the_next(open_page, tmp_path):
    slow = of_one_run(tvm=(0.05, "best", 1.0, [1.0, 1.0]))["tvm"] | {"run_id": "2"}
    fast = of_one_run(
        openvino=(0.02, "best", 1.0, [1.0, 1.0]), onnxruntime=(0.03, "slower", 1.5, [1.4, 1.6])
    )
    browser = open_page(results_page(tmp_path, fast | {"tvm": slow}))
    assert "ONNX Runtime takes 1.50\u00d7 the time" in text(browser, "#verdict")


@needs_chromium
def test_a_busy_machine_has_no_winner(open_page, tmp_path):
    busy = {"run_queue_wait_share": 0.4, "suspect": True}
    keys = {"instance": "my-box", "noise": busy}
    run = {engine: keys | {"backend": engine} for engine in ("openvino", "onnxruntime")}
    verdict = text(open_page(results_page(tmp_path, run)), "#verdict")
    assert "No ranking on my-box: other programs used the machine." in verdict
    assert "fastest" not in verdict and "takes" not in verdict


@needs_chromium
def test_many_machines_are_counted(open_page, study):
    words = text(open_page(study, BERT), "#verdict")
    assert words.startswith("ONNX Runtime is fastest on 3 of 8 machines: the next engine takes 1.0")
    assert words.endswith("times as long; no other engine on 5. Published figures.")


def under_traffic(p99_s: float, low_s: float, high_s: float, rate: float = 60) -> dict:
    rates = [
        {
            "rate_per_s": rate,
            "verdict": "carried",
            "p99_s": p99_s,
            "p99_at_least_s": low_s,
            "p99_at_most_s": high_s,
        }
    ]
    load = {"settings": "cpu", "carried_per_s": rate, "chosen": 0, "rates": rates}
    return {"mode": "load", "load": load, "throughput_per_s": rate, "instance": "my-box"}


@needs_chromium
@pytest.mark.parametrize(
    ("low_s", "sentence"),
    [
        (
            0.035,
            "OpenVINO has the lowest p99 on my-box at 60 requests/s, 20.0 ms: ONNX Runtime takes 2.00 times as long",
        ),
        (
            0.018,
            "OpenVINO or ONNX Runtime has the lowest p99 on my-box at 60 requests/s: their intervals overlap, so there is no winner yet.",
        ),
    ],
)
def test_load_mode_compares_p99(open_page, tmp_path, low_s, sentence):
    results = {
        "a": {"backend": "openvino"} | under_traffic(0.02, 0.015, 0.03),
        "b": {"backend": "onnxruntime"} | under_traffic(0.04, low_s, 0.05),
    }
    browser = open_page(results_page(tmp_path, results), f"{RESNET}&mode=load")
    assert sentence in text(browser, "#verdict")
    assert text(browser, "#results-heading") == "Relative p99"
    assert "2.00\u00d7" in text(browser, "#ratios")


def searched(rate: float, slo_p99_s: float) -> dict:
    """The highest rate with a p99 within the bound."""
    result = under_traffic(0.9 * slo_p99_s, 0.8 * slo_p99_s, 0.95 * slo_p99_s, rate)
    sure = {"surely_carried_per_s": 0.9 * rate, "surely_not_per_s": 1.1 * rate}
    result["load"] |= {"slo_p99_s": slo_p99_s} | sure
    return result


@needs_chromium
def test_rates_found_under_one_bound_are_compared(open_page, tmp_path):
    results = {
        "a": {"backend": "onnxruntime"} | searched(40, 0.2),
        "b": {"backend": "openvino"} | searched(60, 0.2),
    }
    browser = open_page(results_page(tmp_path, results), f"{RESNET}&mode=load")
    sentence = "OpenVINO sustains the highest request rate on my-box with a p99 within 200 ms: 60.0/s; ONNX Runtime 40.0/s."
    assert sentence in text(browser, "#verdict")
    assert text(browser, "#results-heading") == "Relative request rate"
    caption = "Request rate of the best engine on the same machine relative to each engine's"
    assert caption in text(browser, "#ratios")
    assert sorted(browser.evaluate(RATIOS)) == ["1.00\u00d7", "1.50\u00d7"]


@needs_chromium
@pytest.mark.parametrize(
    ("results", "why"),
    [
        (
            {"a": under_traffic(0.04, 0.03, 0.05, 60), "b": under_traffic(0.02, 0.01, 0.03, 100)},
            "are of different request rates (60, 100/s)",
        ),
        (
            {"a": searched(60, 0.05), "b": searched(100, 0.2)},
            "are of different bounds of p99 (50.0 ms, 200 ms)",
        ),
        (
            {"a": under_traffic(0.04, 0.03, 0.05, 60), "b": searched(100, 0.2)},
            "are of different request rates (60, 100/s)",
        ),
        (
            {"a": under_traffic(None, None, None, 60), "b": under_traffic(0.02, 0.01, 0.03, 60)},
            "don't all have a p99",
        ),
    ],
)
def test_rates_that_were_merely_asked_for_are_not_compared(open_page, tmp_path, results, why):
    for name, result in results.items():
        result["backend"] = {"a": "onnxruntime", "b": "openvino"}[name]
    browser = open_page(results_page(tmp_path, results), f"{RESNET}&mode=load")
    assert f"The results on my-box {why}, so they are not compared." in text(browser, "#verdict")
    assert text(browser, "#results-heading") == "Under traffic"
    assert browser.evaluate(RATIOS) == ["not compared", "not compared"]
    shown = text(browser, "main")
    assert "highest request rate on" not in shown and "\u00d7" not in shown
    assert browser.complaints() == []


@needs_chromium
def test_machines_on_which_nothing_is_compared_are_counted(open_page, tmp_path):
    results = {}
    for i in range(4):
        for backend, rate in (("onnxruntime", 60), ("openvino", 100 if i else 60)):
            result = under_traffic(0.02, 0.015, 0.03, rate) | {"instance": f"box-{i}"}
            results[f"{backend}-{i}"] = result | {"backend": backend}
    better = {"p99_s": 0.01, "p99_at_least_s": 0.009, "p99_at_most_s": 0.012}
    results["openvino-0"]["load"]["rates"][0] |= better
    browser = open_page(results_page(tmp_path, results), f"{RESNET}&mode=load")
    sentence = "OpenVINO has the lowest p99 on 1 of 4 machines: the next engine takes 2.00 times as long; not compared on 3."
    assert sentence in text(browser, "#verdict")


@needs_chromium
def test_a_plan_says_what_its_p99_is_made_of(open_page, tmp_path):
    results = {
        "few": {"instance": "c5a.large", "data": [0.02, 0.021] * 10},
        "averages": {"instance": "c5a.xlarge", "data": [2.0, 2.1] * 300, "number": 100},
        "earlier": {"instance": "c5a.xlarge", "data": [0.03] * 600},
    }
    results["earlier"]["started_at"] = "2020-01-01T00:00:00Z"
    browser = open_page(results_page(tmp_path, results), f"{RESNET}&rate=20&latency=1")
    notes = (
        "Object.fromEntries([...document.querySelectorAll('#plans tbody tr')]"
        ".map(r => [r.cells[1].innerText.split(' ')[2].split('\\n')[0], r.cells[9].innerText]))"
    )
    assert browser.evaluate(notes) == {
        "c5a.large": "few samples, fewer cores",
        "c5a.xlarge": "averages, fewer cores, several",
    }
    titles = browser.evaluate(
        "[...document.querySelectorAll('#plans .notes span')].map(e => e.title)"
    )
    few = "the largest of 20 times lies above the 99th percentile with a confidence of 18 %"
    assert few in titles and "each time is the mean of 100 inferences" in titles
    assert "measured 2 times, 33.3 to 48.8/s per machine" in titles
    legend = "Few samples: fewer than the 459 that a 99th percentile needs."
    assert legend in text(browser, "#plans")


@needs_chromium
def test_the_p99_of_a_busy_machine_is_not_what_others_are_compared_with(open_page, tmp_path):
    busy = under_traffic(0.02, 0.015, 0.03) | {"noise": {"suspect": True}}
    results = {"a": busy, "b": {"backend": "onnxruntime"} | under_traffic(0.04, 0.035, 0.05)}
    browser = open_page(results_page(tmp_path, results), f"{RESNET}&mode=load")
    assert sorted(browser.evaluate(RATIOS)) == ["0.50\u00d7\nsuspect", "1.00\u00d7"]


@needs_chromium
def test_the_p99_is_of_the_rate_that_met_the_bound(open_page, tmp_path):
    """A search with --slo-p99 ends with a rate that the engine sustains, though not within the bound."""
    result = under_traffic(0.048, 0.047, 0.0495)
    missed = result["load"]["rates"][0] | {"rate_per_s": 61.5, "p99_s": 0.053}
    result["load"] |= {"slo_p99_s": 0.05, "rates": [result["load"]["rates"][0], missed]}
    browser = open_page(results_page(tmp_path, {"a": result}), f"{RESNET}&mode=load")
    sentence = "sustains 60 requests/s on my-box with a p99 within 50.0 ms."
    assert sentence in text(browser, "#verdict")
    row = "[...document.querySelectorAll('.results tbody td')].map(cell => cell.textContent)"
    assert "48.0 ms" in browser.evaluate(row) and "53.0 ms" not in browser.evaluate(row)


@needs_chromium
def test_a_field_says_what_is_wrong_with_it(open_page, study):
    browser = open_page(study, BERT + "&rate=2")
    for field, wrong, words in [
        ("rate", "0", "Requests per second must be a number above 0."),
        ("rate", "-1", "Requests per second must be a number above 0."),
        ("rate", "", "Requests per second must be a number above 0."),
        ("latency", "-1", "The latency must be a number of seconds above 0, or empty for any."),
        ("headroom", "1", "Headroom must be a number from 0 to below 1, such as 0.3."),
        ("headroom", "", "Headroom must be a number from 0 to below 1, such as 0.3."),
    ]:
        give(browser, field, wrong)
        assert text(browser, f"#{field}-fault") == words
        give(browser, field, {"rate": "2", "latency": "", "headroom": "0"}[field])
        assert text(browser, f"#{field}-fault") == ""


@needs_chromium
def test_headroom(open_page, study):
    browser = open_page(study, BERT + "&rate=2")
    give(browser, "headroom", "0.3")
    assert plans(browser)[0] == ["2 \u00d7 c5a.large", "$0.154"]
    assert "with 30 % headroom" in text(browser, "#answer")
    assert "headroom=0.3" in browser.evaluate("location.hash")


@needs_chromium
def test_a_heading_sorts_its_table(open_page, study):
    browser = open_page(study, BERT + "&rate=2")
    column = (
        "[...document.querySelectorAll('#plans tbody tr')].map(r => Number(r.cells[6].innerText))"
    )
    sort = "[...document.querySelectorAll('#plans thead button')][6].click()"
    ordered = sorted(browser.evaluate(column))
    assert browser.evaluate(column) != ordered
    browser.evaluate(sort)
    assert browser.evaluate(column) == ordered
    assert (
        browser.evaluate("document.querySelector('#plans [aria-sort]').innerText") == "Capacity/s"
    )
    browser.evaluate(sort)
    assert browser.evaluate(column) == ordered[::-1]
    give(browser, "rate", "3")  # stays sorted while the plans change
    assert browser.evaluate(column) == sorted(browser.evaluate(column), reverse=True)


@needs_chromium
def test_rows_without_a_figure_are_sorted_last(open_page, page):
    browser = open_page(page, RESNET)
    names = "[...document.querySelectorAll('.results tbody tr')].map(r => r.cells[1].innerText.split('\\n')[0])"
    for _ in range(2):
        browser.evaluate("document.querySelectorAll('.results thead button')[3].click()")
        assert {"Crashed", "Unsupported", "Wrong output"} >= set(browser.evaluate(names)[4:])


@needs_chromium
def test_a_figure_says_where_it_comes_from(open_page, page, study):
    browser = open_page(page, RESNET)
    titles = "[...document.querySelectorAll('.results th.engine')].map(e => e.title)"
    assert "measured 2026-11-23, resnet50-v1-7-quant=0-cpu-openvino-cpu.json" in browser.evaluate(
        titles
    )
    price = "document.querySelector('#plans td.wide').title"
    assert "$0.616 per hour and machine, 2026-07-20, us-east-1" == browser.evaluate(price)
    assert "published: " in open_page(study, BERT).evaluate(titles + "[0]")


@needs_chromium
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_the_price_is_visible_beside_the_machine(open_page, study, width, color_scheme):
    browser = open_page(study, BERT + "&rate=2", color_scheme, width=width)
    price = "[...document.querySelectorAll('#plans tbody tr')[0].querySelectorAll('.narrow, td.wide')].find(e => e.offsetWidth)"
    assert "$0.102" in browser.evaluate(f"{price}.innerText")
    assert browser.evaluate(f"{price}.getBoundingClientRect().right") <= width
    pictures = (
        "[...document.querySelectorAll('.chart > *')].map(e => e.getBoundingClientRect().right)"
    )
    assert max(browser.evaluate(pictures)) <= width
    # Headers begin where the table does: no line of one is empty.
    heads = "[...document.querySelectorAll('#plans thead, #machine-list thead')]"
    heights = browser.evaluate(f"{heads}.map(head => head.offsetHeight)")
    assert max(heights) < (40 if width == 390 else 60)
    assert browser.complaints() == []


@needs_chromium
def test_one_machine_is_not_drawn_beside_others(open_page, page):
    browser = open_page(page, RESNET)
    for name in ("by-price", "stacks", "cost"):
        assert browser.evaluate(f"document.getElementById('{name}').hidden") is True


@needs_chromium
def test_texts_from_results_are_texts(open_page, page):
    browser = open_page(page, EXTREME)
    assert browser.evaluate("document.title") == "DNN Bench results"
    assert "</script><script>document.title='evil'</script><b>&amp;" in browser.evaluate(
        "document.getElementById('machine-list').textContent"
    )
    assert "1 file was skipped" in text(browser, "header")


OUTSIDE = """[...document.querySelectorAll('.chart svg')].flatMap(svg => {
  const box = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(text => {
    const t = text.getBoundingClientRect();
    return t.left < box.left - 1 || t.right > box.right + 1
        || t.top < box.top - 1 || t.bottom > box.bottom + 1;
  }).map(text => text.textContent);
})"""

OVERLAPPING = """[...document.querySelectorAll('.chart svg')].flatMap(svg => {
  const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()
    && !t.getAttribute('stroke'));  // a rim lies below its own words
  const boxes = texts.map(t => t.getBoundingClientRect());
  const found = [];
  for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
    const [a, b] = [boxes[i], boxes[j]];
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 4) found.push(texts[i].textContent + ' / ' + texts[j].textContent);
  }
  return found;
})"""


@needs_chromium
@pytest.mark.parametrize("hash_", [BERT, "#model=resnet50v1.onnx&rate=20"])
def test_no_text_is_cut_off_or_lies_on_another(open_page, study, hash_):
    browser = open_page(study, hash_)
    assert browser.evaluate("document.querySelectorAll('.chart svg text').length") > 60
    assert browser.evaluate(OUTSIDE) == []
    assert browser.evaluate(OVERLAPPING) == []


CONTRASTS = """(() => {
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const parts = colour => (colour.match(/[0-9.]+/g) || []).map(Number);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length === 3) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll('p, td, th, a, summary, label, button, .muted, .fault')) {
    if (!e.offsetWidth || !e.innerText.trim() || e.closest('td.ratio')) continue;
    const [a, b] = [light(parts(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push([e.tagName, e.className, e.innerText.slice(0, 30), ratio]);
  }
  return found;
})()"""


@needs_chromium
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("hash_", [BERT + "&rate=0", RESNET, DETECTOR])
def test_all_is_legible(open_page, study, page, hash_, width, color_scheme):
    """At the widths of a phone and of a desktop; a rate of 0 shows a field's complaint, too."""
    browser = open_page(study if BERT in hash_ else page, hash_, color_scheme, width=width)
    if hash_.endswith("rate=0"):
        give(browser, "rate", 0)
        assert text(browser, "#rate-fault") != ""
    page_width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.evaluate(page_width) <= 0
    assert browser.evaluate(OUTSIDE) == []
    assert browser.evaluate(CONTRASTS) == []
    assert browser.complaints() == []


@needs_chromium
@pytest.mark.parametrize("width", [320, 420])
@pytest.mark.parametrize("hash_", [BERT, EXTREME])
def test_a_narrow_screen_scrolls_tables_and_not_the_page(open_page, study, page, hash_, width):
    browser = open_page(study if hash_ == BERT else page, hash_, width=width)
    page_width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.evaluate(page_width) <= 0


@needs_chromium
def test_the_keyboard_reaches_everything_in_order(open_page, study):
    browser = open_page(study, BERT)
    focused = "document.activeElement.id || document.activeElement.innerText || document.activeElement.value"
    reached = []
    for _ in range(60):
        browser.press("Tab")
        reached.append(browser.evaluate(focused))
    order = [
        "skip",
        "model",
        "c6g.medium",
        "rate-slider",
        "rate",
        "latency-slider",
        "latency",
        "single",
    ]
    places = [reached.index(name) for name in order]
    assert places == sorted(places)
    assert "PNG" in reached


@needs_chromium
def test_the_keyboard_skips_and_toggles(open_page, study):
    browser = open_page(study, BERT)
    browser.press("Tab")
    browser.press("Enter")
    assert browser.evaluate("document.activeElement.id") == "results"
    assert "model=bertsquad" in browser.evaluate("location.hash")
    browser.evaluate("document.querySelector('#machines input').focus()")
    browser.press(" ")
    assert "without-machine=c6g.medium" in browser.evaluate("location.hash")


@needs_chromium
def test_everything_has_a_name_for_a_screen_reader(open_page, page):
    browser = open_page(page, RESNET)
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    roles = ("button", "link", "slider", "spinbutton", "combobox", "checkbox", "table", "region")
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and node["role"]["value"] in roles
    ]
    assert {role for role, _ in named} >= set(roles) - {"region"}
    assert [pair for pair in named if not pair[1].strip()] == []
    assert browser.evaluate("document.getElementById('answer').getAttribute('role')") == "status"


@needs_chromium
def test_links_lead_to_files(open_page, page, tmp_path):
    links = set()
    for hash_ in (RESNET, EXTREME, BERT):
        browser = open_page(page, hash_)
        links |= set(
            browser.evaluate(
                "[...document.querySelectorAll('main a')].map(a => a.getAttribute('href'))"
            )
        )
    results = [link for link in links if link.endswith(".json")]
    assert len(results) == 8 + 5 + 4 and len([link for link in links if link.endswith(".log")]) == 1
    drawn = {link for link in links if link.endswith((".png", ".svg"))}
    for link in links - drawn:
        assert (page.parent / unquote(link)).is_file(), link
    assert "resnet50-v1-7-c5a.4xlarge-times.svg" in drawn and "extreme-c5a.4xlarge.png" in drawn


def test_odd_files_and_folders_do_not_keep_others_from_being_drawn(tmp_path):
    """Names that are not UTF-8; values that Python reads, but that are not JSON's or not expected."""
    results = tmp_path / os.fsdecode(b"r\xe9sultats")
    results.mkdir()
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    starts = [0.1 * i for i in range(len(sample["data"]))]
    odd = {
        os.fsdecode(b"\xe9"): {},
        "nan": {"ranking": {"relation": "best", "probability": float("nan")}, "run_id": "1"},
        "endless": {"start_s": [*starts[:-1], float("inf")]},
        "digits": {"start_s": [*starts[:-1], 10**400]},
        "list": {"run_id": [], "ranking": {"relation": {}}, "acceptance": {"max_error": []}},
        "dot": {"log_path": "."},
        "long": {"log_path": "a" * 5000},
    }
    for name, keys in odd.items():
        result = sample | {"instance": None, "backend_meta": name[:5]} | keys
        (results / f"{name}.json").write_text(json.dumps(result), encoding="utf-8")
    (results / os.fsdecode(b"\xe8.json")).write_text("{")
    text = page_alone(results, tmp_path / "plots").read_text(encoding="utf-8")
    assert text.count('"json":"../r%E9sultats/') == len(odd)
    assert '"instance":"r sultats"' in text and "/r sultats/ .json: broken JSON" in text


def test_names_no_other_host(page):
    """Of addresses only those that are names: XML's, Vega's schemas, and one in a message."""
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert "default-src 'none'" in text


@pytest.mark.parametrize(
    "raw, shown_s",
    [
        ({"load_s": 1.0, "convert_s": 0.5}, 1.5),
        ({"load_s": 1.0, "convert_s": None}, 1.0),
        ({"load_s": None, "convert_s": 0.5}, None),
        ({}, None),
    ],
)
def test_conversion_counts_as_loading(raw, shown_s):
    assert converted_and_loaded_s(raw) == shown_s
