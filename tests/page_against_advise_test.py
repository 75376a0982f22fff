"""The page's plans (vis/web/plans.js, in a browser) against those of dnnbench advise, on random
results: samples and published figures, with and without a bound on latency."""

import json
import random
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "vis"))

import draw  # noqa: E402
from chromium_for_tests import PROGRAM, Chromium  # noqa: E402

SAMPLES = ROOT / "tests" / "golden" / "results" / "c5a.4xlarge"
SAMPLE = json.loads((SAMPLES / "resnet50-v1-7-quant=0-cpu-openvino-cpu.json").read_text("utf-8"))
MACHINES = ("c6g.medium", "c6g.large", "c5a.large", "c5n.2xlarge", "g4dn.xlarge", "unknown.box")
EVERY_PLAN = """[...document.querySelectorAll('#plans tbody tr')].map(row =>
    [[row.cells[1].innerText.split(' ')[0], row.cells[1].innerText.split(' ')[2],
      row.cells[2].title, [...row.cells[9].children].map(note => note.innerText),
      row.cells[8].innerText[0] === '~', row.cells[8].dataset.value !== undefined],
     [row.cells[6], row.cells[8]].map(cell => Number(cell.dataset.value ?? -1))])"""

# Of the sentences with which `advise --json` warns.
LABELS = {
    "no higher rate was measured": "under traffic",
    "machines are busy for": "busy",
    "The latency bound leaves": "idle",
    "only in the upper part": "upper end",
    "Too few windows": "no interval",
    "outputs were not compared": "unverified",
    "Only its mean time": "mean only",
    "Only a lower bound": "at least",
    "is used as the 99th percentile": "few samples",
    "Each time is the mean of": "averages",
    "It was measured with": "fewer cores",
    "the newest counts": "several",
}

# What the page calls the model of the file with this SHA-256. By itself it has its name alone.
MODEL_OF_FILE = """(names => names.find(name => name.includes(%s)) ?? names[0])(
    [...document.querySelectorAll('#model option')].map(option => option.value))"""

pytestmark = pytest.mark.skipif(not PROGRAM, reason="needs Chromium (Debian: chromium)")


FILES = ("a" * 64, "b" * 64)  # SHA-256 of two files of one name
SHAPE, SMALL = {"data": [1, 3, 224, 224]}, {"data": [1, 3, 112, 112]}


def measured(chance: random.Random) -> dict:
    usual = chance.uniform(0.002, 2)
    spread = chance.choice([0.0, 0.02, 0.3])
    count = chance.choice([1, 2, 5, 30, 500])
    number = chance.choice([1, 1, 1, 10])
    data = [number * max(usual * chance.gauss(1, spread), usual / 10) for _ in range(count)]
    suspect = chance.random() < 0.1
    return SAMPLE | {
        "data": data,
        "number": number,
        "quantize": chance.random() < 0.1,
        "started_at": f"2026-11-{chance.randint(10, 24)}T00:00:00Z",
        "noise": {"run_queue_wait_share": 0.3 if suspect else 0.0, "suspect": suspect},
    }


def published(chance: random.Random) -> dict:
    keys = ("model_path", "backend", "device", "quantize")
    figure = {"throughput_per_s": round(chance.uniform(0.5, 300), 2), "bound": None, "source": "s"}
    figure |= {
        "plus_minus_per_s": round(chance.uniform(0.01, 3), 2),
        "read_from_plot": True,
        "note": "",
    }
    figure["bound"] = chance.choice([None, None, None, "at_least", "below"])
    known = {"data": [], "number": 1, "outcome": "ok", "reason": "", "published": figure}
    return {key: SAMPLE[key] for key in keys} | known


def per_s_of(result: dict) -> float:
    return result["number"] * len(result["data"]) / sum(result["data"])


def under_traffic(result: dict, chance: random.Random) -> dict:
    """Rates around what one over the mean of the result's times is, and some above."""
    usual = per_s_of(result)
    rates = []
    for _ in range(chance.randint(1, 4)):
        rate = usual * chance.uniform(0.1, 1.3)
        sustained = ["carried"] * 4 + ["late"] + ["overloaded"] * 2
        verdict = chance.choice(sustained) if rate < usual else "overloaded"
        p99_s = chance.uniform(1, 9) / usual
        rates.append({"rate_per_s": rate, "verdict": verdict, "p99_s": p99_s})
    settings = result["backend_meta"]
    if "batch=" not in settings:
        settings += chance.choice(["", "", "-streams=2"])  # by itself, too
    traffic = {"settings": settings, "carried_per_s": 1.0, "rates": rates}
    meta = f"{settings}-mode=load-rate=1"
    started = f"2026-11-{chance.randint(10, 24)}T00:00:00Z"
    version = chance.choice(["1", "1", "1", "1", "2"])
    cores = {"affinity_cores": 16, "cgroup_cpu_quota": chance.choice([None, None, None, 1.5])}
    return result | {
        "mode": "load",
        "load": traffic,
        "backend_meta": meta,
        "started_at": started,
        "engine_version": version,
        "environment": cores,
    }


def at_full_speed(result: dict, chance: random.Random) -> dict:
    """Two processes that together do about as much as the result's times say of one, or twice."""
    per_s = per_s_of(result) * chance.uniform(0.9, 2)
    known = chance.random() < 0.7
    tried = {"per_s": per_s, "least_per_s": 0.9 * per_s if known else None}
    tried["greatest_per_s"] = 1.1 * per_s if known else None
    batch = chance.choice([None, None, 1, 4])
    settings = result["backend_meta"] + "-streams=2" + ("-batch=4" if batch == 4 else "")
    batch = result.get("batch") or batch
    started = f"2026-11-{chance.randint(10, 24)}T00:00:00Z"
    return result | {
        "mode": "throughput",
        "streams": 2,
        "batch": batch,
        "throughput_per_s": per_s,
        "throughput": {"settings": settings, "chosen": 0, "tried": [tried]},
        "backend_meta": result["backend_meta"] + "-mode=throughput",
        "started_at": started,
    }


def with_a_task(result: dict, chance: random.Random, shapes: list[dict]) -> dict:
    """Of one of the two files, or of one that it doesn't say; with an input shape or without; some
    with a batch or with an array given as input, which may be of another shape."""
    result = result | {"model_sha256": chance.choice([FILES[0], FILES[0], FILES[1], None])}
    result["input_shapes"] = chance.choice([None, *shapes])
    kind = chance.random()
    if kind < 0.1:
        shape = chance.choice([SHAPE, {"data": [4, 3]}])
        return result | {"backend_meta": "a-batch=4", "batch": 4, "input_shapes": shape}
    if kind < 0.3:
        return result | {
            "backend_meta": "a-input=data@x.npy",
            "input_shapes": chance.choice([SHAPE, SMALL]),
        }
    return result


def write_results(folder: Path, chance: random.Random) -> None:
    shapes = [SHAPE, SMALL] if chance.random() < 0.35 else [SHAPE]  # two: not one task
    for i in range(chance.randint(3, 14)):
        is_measured = chance.random() < 0.7
        result = (measured if is_measured else published)(chance)
        result |= {"backend_meta": chance.choice("ab"), "instance": chance.choice(MACHINES)}
        if is_measured:
            result = with_a_task(result, chance, shapes)
        (folder / f"{i}.json").write_text(json.dumps(result), encoding="utf-8")
        for search in range(chance.choice([0, 1, 3]) if is_measured else 0):
            traffic = under_traffic(result, chance)
            (folder / f"{i}-load{search}.json").write_text(json.dumps(traffic), encoding="utf-8")
        if is_measured and chance.random() < 0.3:
            full = at_full_speed(result, chance)
            (folder / f"{i}-full.json").write_text(json.dumps(full), encoding="utf-8")


def newest_file(folder: Path) -> str:
    """The SHA-256 that the newest result says; "" where none does."""
    found = []
    for path in folder.iterdir():
        result = json.loads(path.read_text("utf-8"))
        if result.get("model_sha256"):
            age = (result.get("started_at", ""), path.stat().st_mtime_ns, str(path))
            found.append((age, result["model_sha256"]))
    return max(found)[1] if found else ""


def plan_of_advice(plan: dict) -> list:
    """What EVERY_PLAN reads of a row: words, then the capacity and the latency, -1 for none."""
    (member,) = plan["members"]
    notes = [label for text in plan["warnings"] for words, label in LABELS.items() if words in text]
    assert len(notes) == len(plan["warnings"]), plan["warnings"]
    latency = plan["latency_s"]
    known = [value for value in (latency["p99"], latency["mean"]) if value is not None]
    estimated = bool(known) and latency["basis"] != "measured_under_load"
    words = [str(member["count"]), member["instance"], member["settings"], notes]
    figures = [plan["capacity_per_s"], *(known or [-1])]
    return [[*words, estimated, bool(known)], pytest.approx(figures, rel=1e-9)]


@pytest.fixture(scope="module")
def browser():
    with Chromium() as one:
        yield one


@pytest.mark.parametrize("seed", range(16))
def test_the_same_plans(dnnbench, browser, tmp_path, monkeypatch, seed):
    chance = random.Random(seed)
    (tmp_path / "results").mkdir()
    write_results(tmp_path / "results", chance)
    monkeypatch.setattr(draw, "write", lambda picture, folder: None)
    draw.draw_folder(tmp_path / "results", tmp_path / "plots", pytest.fail)
    page = (tmp_path / "plots" / "index.html").as_uri()
    browser.open(page)
    browser.wait_for("document.body && document.body.dataset.drawn === 'light'")
    name = quote(
        browser.evaluate(MODEL_OF_FILE % json.dumps(newest_file(tmp_path / "results")[:8]))
    )
    for _ in range(6):
        rate, latency = chance.uniform(0.2, 400), chance.choice([None, None, 0.01, 0.5, 3.0])
        flags = ["--model=resnet50-v1-7", f"--throughput={rate!r}", "--json"]
        address = f"#model={name}&rate={rate!r}"
        if latency:
            flags.append(f"--latency-p99={latency}")
            address += f"&latency={latency}"
        if chance.random() < 0.3:
            headroom = round(chance.uniform(0.05, 0.9), 2)
            flags.append(f"--headroom={headroom}")
            address += f"&headroom={headroom}"
        if chance.random() < 0.2:
            flags.append("--single-instance")
            address += "&single=1"
        done = dnnbench("advise", tmp_path / "results", *flags)
        refused = done.returncode == 2 and "different input shapes" in done.stderr
        assert refused or done.returncode in (0, 4), done.stderr
        plans = [] if refused else json.loads(done.stdout)["plans"]
        expected = [plan_of_advice(plan) for plan in plans]
        browser.open(page + address)
        browser.wait_for("document.body && document.body.dataset.drawn === 'light'")
        browser.evaluate("document.getElementById('all-plans')?.click()")
        assert browser.evaluate(EVERY_PLAN) == expected
