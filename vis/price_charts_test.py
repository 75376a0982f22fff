"""What the pictures of prices show; their whole shape is in charts_test.py's golden files."""

import dataclasses
import json
import re
from pathlib import Path

import pytest
import vl_convert

import cost_chart
import price_charts
from catalogue import SHIPPED, read_prices
from comparisons import compare
from machines import Fleet, fleets, round_down
from read_results import read_results
from themes import DARK, LIGHT

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY.joinpath(
    "tests", "golden", "results", "c5a.4xlarge", "resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
)
PRICES, _ = read_prices(SHIPPED, pytest.fail)


def fleet_of(folder: Path, model: str) -> Fleet:
    results, _ = read_results(folder)
    return next(f for f in fleets(compare(results), PRICES) if f.model == model)


@pytest.fixture(scope="module")
def bert() -> Fleet:
    return fleet_of(REPOSITORY / "examples" / "2021-study", "bertsquad-10.onnx")


@pytest.fixture
def mixed(tmp_path) -> Fleet:
    """Machines with a price, without one, with a failure alone, and with a suspect result alone."""

    def add(instance: str, **keys: object) -> None:
        (tmp_path / instance).mkdir()
        sample = json.loads(SAMPLE.read_text(encoding="utf-8")) | {"instance": instance} | keys
        (tmp_path / instance / "a.json").write_text(json.dumps(sample))

    add("c5a.large", data=[0.1])
    add(
        "c5a.xlarge",
        data=[0.05, 0.051],
        verification={"verdict": "unverified", "reason": "Random."},
    )
    failed = {"verdict": "unverified", "reason": "Not reached."}
    add("c5a.2xlarge", outcome="crashed", data=[], reason="Signal 11.", verification=failed)
    add("c5a.4xlarge", noise={"run_queue_wait_share": 0.4, "suspect": True})
    add("mine", data=[0.02])
    return fleet_of(tmp_path, "resnet50-v1-7.onnx")


def svg(fleet: Fleet, name: str, rates: list[float]) -> str:
    return vl_convert.vegalite_to_svg(price_charts.PICTURES[name](fleet, rates, LIGHT))


def texts(drawn: str) -> list[str]:
    return [re.sub(r"<[^>]*>", "", text) for text in re.findall(r"<text[^>]*>(.*?)</text>", drawn)]


def test_machines_stand_in_the_order_of_their_price(bert):
    rows = price_charts.rows_by_price(bert)
    assert [row["name"][0] for row in rows] == [
        "c6g.medium", "c6g.large", "c5a.large", "c6g.2xlarge", "c5n.2xlarge", "g4dn.xlarge",
        "c6g.4xlarge", "c5a.4xlarge",
    ]  # fmt: skip
    assert rows[0]["price"] == "$0.034/h" and rows[5]["price"] == "$0.526/h"
    assert rows[5]["engine"] == ["ONNX Runtime", "cuda"]


def test_the_stacks_of_the_study(bert):
    rows = price_charts.rows_of_stacks(bert, [2, 50])
    stacks = [(" ".join(row["name"]), row["price"]) for row in rows if row["stack"]]
    assert stacks == [("3 \u00d7 c6g.medium", "$0.102/h"), ("28 \u00d7 c5a.large", "$2.156/h")]
    assert rows[3]["value"] == ["2.10/s", "1.43 s"]  # latency stays that of one machine
    drawn = svg(bert, "stacks", [2, 50])
    assert {"2/s", "50/s", "$0.102/h", "$2.156/h", price_charts.THROUGHPUT} <= set(texts(drawn))


def test_the_cost_of_every_rate(bert):
    drawn = texts(svg(bert, "cost", [2, 50]))
    assert {"\u25bc g4dn.xlarge, above 10.95/s", "Price of the plan ($ per hour)"} <= set(drawn)
    legend = [text for text in drawn if text[0] in cost_chart.SYMBOLS]
    machines = sorted(text.split(",")[0][2:] for text in legend)
    assert machines == ["c5a.large", "c6g.large", "c6g.medium", "g4dn.xlarge"]


def test_a_logarithmic_axis_has_ticks_at_1_2_and_5(bert):
    drawn = texts(svg(bert, "cost", [2, 50]))
    ticks = [text for text in drawn if re.fullmatch(r"\$[0-9.]+", text)]
    assert ticks == ["$0.05", "$0.1", "$0.2", "$0.5", "$1", "$2", "$5", "$10"]
    assert "$0.3" not in drawn and {"0.5", "1", "2", "5", "10", "20", "50", "100"} <= set(drawn)


@pytest.mark.parametrize("name", list(price_charts.PICTURES))
def test_one_machine_is_not_drawn(bert, name):
    assert price_charts.can_be_drawn(name, bert)
    [one, *_] = bert.machines
    own = [pair for pair in bert.candidates if pair[1].instance == one.instance]
    alone = dataclasses.replace(bert, machines=[one], candidates=own)
    assert not price_charts.can_be_drawn(name, alone)


def test_what_has_no_figure_says_why(mixed):
    rows = {row["name"][0]: row for row in price_charts.rows_by_price(mixed)}
    assert list(rows) == ["c5a.large", "c5a.xlarge", "c5a.2xlarge", "c5a.4xlarge", "mine"]
    assert rows["c5a.large"]["kind"] == "verified"
    assert rows["c5a.xlarge"]["kind"] == "unverified"
    assert rows["c5a.2xlarge"]["value"] == ["Crashed"]
    assert rows["c5a.4xlarge"]["value"] == ["Suspect"]
    assert rows["mine"]["price"] == "no price" and rows["mine"]["kind"] == "verified"
    drawn = svg(mixed, "by-price", [10])
    assert drawn.count('aria-roledescription="bar"') == 3
    assert {"no price", "Crashed", "Suspect"} <= set(texts(drawn))
    notes = " ".join(re.sub(r"<[^>]*>", " ", drawn).split())
    assert price_charts.UNVERIFIED_NOTE in notes and price_charts.WHISKER_NOTE in notes


def test_requests_that_were_served_side_by_side_are_not_said_to_be_one_at_a_time(bert):
    def words(**keys: object) -> str:
        [first, *others] = bert.machines
        fastest = dataclasses.replace(first.fastest, **keys)
        machines = [dataclasses.replace(first, fastest=fastest), *others]
        drawn = svg(dataclasses.replace(bert, machines=machines), "by-price", [])
        return " ".join(texts(drawn))

    assert "its fastest engine, one request at a time" in words()
    processes = words(servers=2)
    assert "one request at a time" not in processes
    assert "several processes where they do more" in processes
    traffic = words(only_under_traffic=True)
    assert "one request at a time" not in traffic
    assert "the highest request rate that was tried" in traffic


@pytest.mark.parametrize(
    ("sustained", "value"), [([60], ["60.0/s", "10.0 ms"]), ([], ["Overloaded"])]
)
def test_no_machine_is_drawn_at_a_rate_that_overloaded_it(tmp_path, sustained, value):
    latency = json.loads(SAMPLE.read_text(encoding="utf-8")) | {"data": [0.01] * 20, "number": 1}
    rates = [{"rate_per_s": rate, "verdict": "carried", "p99_s": 0.02} for rate in sustained]
    rates.append({"rate_per_s": 80, "verdict": "overloaded", "p99_s": None})
    load = {"settings": latency["backend_meta"], "rates": rates}
    traffic = latency | {"mode": "load", "backend_meta": "cpu-mode=load", "load": load}
    for name, result in (("a", latency), ("b", traffic)):
        (tmp_path / f"{name}.json").write_text(json.dumps(result))
    [row] = price_charts.rows_by_price(fleet_of(tmp_path, "resnet50-v1-7.onnx"))
    assert row["value"] == value
    assert row.get("low") == row.get("high") == (60 if sustained else None)


def test_only_what_has_a_price_is_stacked(mixed):
    names = {row["name"][-1] for row in price_charts.rows_of_stacks(mixed, [25])}
    assert "mine" not in names and "c5a.large" in names


def test_without_any_price_there_is_no_picture_of_prices(mixed):
    for machine in mixed.machines:
        machine.usd_per_hour = None
    assert not any(price_charts.can_be_drawn(name, mixed) for name in price_charts.PICTURES)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_an_unverified_bar_differs_without_colour(mixed, theme):
    drawn = vl_convert.vegalite_to_svg(price_charts.picture_by_price(mixed, [10], theme))
    bars = re.findall(r'<path aria-label="[^"]*"[^>]*roledescription="bar"[^>]*>', drawn)
    assert len(bars) == 3 and sum('stroke-dasharray="5,3"' in bar for bar in bars) == 1


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (0.034, "$0.034"),
        (0.03988, "$0.0399"),
        (0.1008, "$0.1008"),
        (1234.5, "$1,234.50"),
        (0.000012345, "$0.0000123"),
        (0.12, "$0.12"),
        (2.156, "$2.156"),
        (28, "$28.00"),
        (0.0051, "$0.0051"),
        (0, "$0.00"),
    ],
)
def test_usd(dollars, text):
    assert price_charts.usd(dollars) == text


@pytest.mark.parametrize(
    ("value", "rounded"), [(2.098, 2), (51.66, 50), (1, 1), (0.5, 0.5), (999, 500), (0.0049, 0.002)]
)
def test_round_down(value, rounded):
    assert round_down(value) == rounded
