"""dnnbench advise and dnnbench catalogue, as users call them, on the 2021 study's figures."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parent.parent
STUDY = ROOT / "examples" / "2021-study"
SAMPLE = ROOT / "tests/golden/results/c5a.4xlarge/resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
NO_PLAN = 4


@pytest.fixture
def advise(dnnbench):
    """advise("--model=BERT", ...): the JSON, from the study unless told otherwise."""

    def call(*flags: str, results: Path = STUDY, code: int = 0) -> dict:
        done = dnnbench("advise", results, *flags, "--json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    return call


def member(plan: dict) -> tuple[int, str]:
    (only,) = plan["members"]
    return only["count"], only["instance"]


def find(plans: list[dict], count: int, instance: str) -> dict:
    return next(plan for plan in plans if member(plan) == (count, instance))


def reason(advice: dict, instance: str) -> str:
    return next(one["reason"] for one in advice["rejected"] if one["instance"] == instance)


def test_bert_at_2_per_second(advise):
    plans = advise("--model=BERT", "--throughput=2")["plans"]
    best = plans[0]
    assert member(best) == (3, "c6g.medium")
    assert best["usd_per_hour"] == pytest.approx(0.102)
    assert best["latency_s"]["one_at_a_time"]["mean"] == pytest.approx(1.43, abs=0.005)
    assert best["latency_s"]["mean"] > 10  # 95 % busy: with the wait
    assert best["latency_s"]["p99"] is None
    assert best["utilisation"] == pytest.approx(2 / (3 * 0.6994))
    assert best["verified"] is False
    gpu = find(plans, 1, "g4dn.xlarge")
    assert gpu["usd_per_hour"] / best["usd_per_hour"] == pytest.approx(5.16, abs=0.005)


def test_bert_at_50_per_second(advise):
    plans = advise("--model=BERT", "--throughput=50")["plans"]
    assert member(plans[0]) == (1, "g4dn.xlarge")
    assert plans[0]["usd_per_hour"] == pytest.approx(0.526)
    cpu = next(plan for plan in plans if member(plan)[1] != "g4dn.xlarge")
    assert member(cpu) == (28, "c5a.large")
    assert cpu["usd_per_hour"] == pytest.approx(2.156)
    assert cpu["usd_per_hour"] / plans[0]["usd_per_hour"] == pytest.approx(4.10, abs=0.005)


@pytest.mark.parametrize(
    "load, expected, usd",
    [("10.95", (6, "c5a.large"), 0.462), ("10.951", (1, "g4dn.xlarge"), 0.526)],
)
def test_cpus_win_up_to_the_crossover(advise, load, expected, usd):
    best = advise("--model=BERT", f"--throughput={load}")["plans"][0]
    assert member(best) == expected
    assert best["usd_per_hour"] == pytest.approx(usd)


def test_the_sweep_finds_the_crossover(advise, dnnbench):
    steps = advise("--model=BERT", "--throughput=50", "--sweep")["steps"]
    gpu = [step for step in steps if member(step["plan"])[1] == "g4dn.xlarge"]
    assert gpu == steps[-1:]
    assert gpu[0]["above_per_s"] == pytest.approx(10.95)
    assert gpu[0]["up_to_per_s"] == 50
    assert member(steps[0]["plan"]) == (1, "c6g.medium")
    for before, after in zip(steps, steps[1:]):
        assert before["up_to_per_s"] == after["above_per_s"]
        assert before["plan"]["usd_per_hour"] <= after["plan"]["usd_per_hour"] + 1e-9
    text = dnnbench("advise", STUDY, "--model=BERT", "--throughput=50", "--sweep").stdout
    assert "Above 10.95/s the machine type is g4dn.xlarge." in text


def test_bert_on_a_single_instance(advise):
    advice = advise("--model=BERT", "--throughput=2", "--single-instance")
    assert member(advice["plans"][0]) == (1, "c6g.2xlarge")
    assert all(member(plan)[0] == 1 for plan in advice["plans"])
    assert reason(advice, "c6g.medium") == "one machine sustains 0.699/s, less than 2/s"


def test_bert_within_200_ms(advise):
    advice = advise("--model=BERT", "--throughput=2", "--latency-p99=0.2")
    assert member(advice["plans"][0]) == (1, "c5n.2xlarge")
    assert reason(advice, "c6g.medium").startswith("1.43 s exceeds 0.2 s: too slow")
    assert reason(advice, "c6g.2xlarge").startswith("206 ms exceeds 0.2 s: too slow")


def test_nothing_is_within_a_bound_that_waiting_breaks(advise):
    """One g4dn.xlarge would be 97 % busy: the mean wait alone is longer than 0.2 s."""
    advice = advise("--model=BERT", "--throughput=50", "--latency-p99=0.2")
    assert (1, "g4dn.xlarge") not in [member(plan) for plan in advice["plans"]]
    best = advice["plans"][0]
    assert member(best) == (2, "g4dn.xlarge")
    assert best["latency_s"]["basis"] == "mean_queueing_estimate"
    assert best["latency_s"]["p99"] is None and best["latency_s"]["mean"] < 0.2


def test_of_a_mean_alone_no_percentile_is_claimed(dnnbench):
    text = dnnbench("advise", STUDY, "--model=BERT", "--throughput=2", "--latency-p99=0.2").stdout
    assert "within 0.2 s" not in text.splitlines()[0]
    assert "its p99 is unknown" in text.splitlines()[0]


def test_a_sustained_rate_makes_no_plan_worse(dnnbench, tmp_path):
    """20/s were sustained: that is a lower bound, no reason to need 50 machines for 1,000/s."""
    machine = tmp_path / "c5a.large"
    machine.mkdir()
    latency = json.loads(SAMPLE.read_text("utf-8")) | {"data": [1 / 300] * 500, "number": 1}
    (machine / "latency.json").write_text(json.dumps(latency), encoding="utf-8")
    ask = ("advise", str(tmp_path), "--model=resnet50-v1-7", "--throughput=1000")
    ask += ("--json",)
    bounds = [(), ("--latency-p99=0.02",)]

    def count_of(best):
        assert best["latency_s"]["p99"] is not None
        return best["members"][0]["count"]

    def plans():
        return [json.loads(dnnbench(*ask, *bound).stdout)["plans"][0] for bound in bounds]

    before = [count_of(best) for best in plans()]
    rate = {"rate_per_s": 20.0, "verdict": "carried", "p99_s": 0.005}
    traffic = latency | {"mode": "load", "backend_meta": latency["backend_meta"] + "-mode=load"}
    traffic["load"] = {"settings": latency["backend_meta"], "carried_per_s": 20.0, "rates": [rate]}
    (machine / "traffic.json").write_text(json.dumps(traffic), encoding="utf-8")
    assert [count_of(best) for best in plans()] == before
    assert max(before) < 10


def test_a_rate_may_have_an_exponent(advise):
    assert advise("--model=BERT", "--throughput=1e3") == advise("--model=BERT", "--throughput=1000")


def test_a_file_is_not_a_folder_of_results(dnnbench):
    ended = dnnbench("advise", str(STUDY) + "/README.md", "--model=BERT", "--throughput=2")
    assert ended.returncode == 2 and "is a file; give the folder" in ended.stderr


@pytest.mark.parametrize("subcommand", ["advise", "compare"])
def test_a_file_that_lies_is_named_and_skipped(dnnbench, tmp_path, subcommand):
    good = json.loads(SAMPLE.read_text("utf-8"))
    (tmp_path / "good.json").write_text(json.dumps(good), encoding="utf-8")
    lies = {
        "mode.json": json.dumps(good | {"mode": "x"}),
        "deep.json": json.dumps(good).replace('"threads": 2', '"threads": ' + "[" * 200_000, 1),
        "name.json": json.dumps(good | {"model_path": "m" * 100_000}),
        "number.json": json.dumps(good)[:-1] + ', "seed": 1e400}',
        "surrogate.json": json.dumps(good | {"instance": "\ud800"}),
    }
    for name, text in lies.items():
        (tmp_path / name).write_text(text, encoding="ascii")
    folders = [tmp_path] if subcommand == "advise" else [tmp_path, tmp_path]
    flags = ["--model=resnet50-v1-7", "--throughput=1"] if subcommand == "advise" else []
    ended = dnnbench(subcommand, *folders, *flags)
    assert ended.returncode in (0, 4), ended.stderr
    for name in lies:
        assert f"skipped {tmp_path / name}: " in ended.stderr


def test_an_unknown_extension_is_answered_with_the_known_ones(dnnbench):
    ended = dnnbench("catalogue", "--isa=avx")
    assert ended.returncode == 2
    assert "no machine has --isa=avx; the catalogue has: " in ended.stderr
    assert "avx2" in ended.stderr


def test_resnet50_on_a_single_instance(advise):
    at_10 = advise("--model=resnet50v1", "--throughput=10", "--single-instance")
    assert member(at_10["plans"][0]) == (1, "c5a.large")
    assert reason(at_10, "c6g.large") == "known only to be below 10.0/s"
    at_100 = advise("--model=Resnet50", "--throughput=100", "--single-instance")
    assert member(at_100["plans"][0]) == (1, "g4dn.xlarge")


def test_what_was_only_stated_is_not_stacked(advise):
    advice = advise("--model=resnet50v1", "--throughput=50")
    assert "how many are needed for 50/s is unknown" in reason(advice, "c5a.large")
    assert "c5a.large" not in [member(plan)[1] for plan in advice["plans"]]


def test_of_equal_prices_fewer_instances_come_first(advise):
    plans = advise("--model=BERT", "--throughput=1.38")["plans"]
    assert [member(plan) for plan in plans[:2]] == [(1, "c6g.large"), (2, "c6g.medium")]
    assert plans[0]["usd_per_hour"] == plans[1]["usd_per_hour"] == pytest.approx(0.068)


@pytest.mark.parametrize("name", ["BERT", "bertsquad-10", "bertsquad-10.onnx"])
def test_a_model_goes_by_all_its_names(advise, name):
    assert advise(f"--model={name}", "--throughput=2")["asked"]["model"] == "bertsquad-10"


def test_a_bar_of_one_pixel_is_not_a_measurement(advise):
    advice = advise("--model=mobilenetv2-1.0", "--throughput=2")
    tensorflow = [one for one in advice["rejected"] if one["engine"] == "tf"]
    assert ["too inexact" in one["reason"] for one in tensorflow] == [True]


def test_what_holds_only_in_the_upper_part_of_its_interval_says_so(advise):
    plans = advise("--model=BERT", "--throughput=50")["plans"]
    assert find(plans, 72, "c6g.medium")["holds_at_lower_end"] is False  # 72 x 0.6874 is 49.5
    assert find(plans, 28, "c5a.large")["holds_at_lower_end"] is True


def test_every_plan_is_shown_and_nothing_twice(advise):
    advice = advise("--model=BERT", "--throughput=50")
    what = [
        tuple(plan["members"][0][key] for key in ("instance", "engine", "settings"))
        for plan in advice["plans"]
    ]
    what += [
        tuple(one[key] for key in ("instance", "engine", "settings")) for one in advice["rejected"]
    ]
    assert len(what) == len(set(what)) == len(list(STUDY.rglob("bertsquad-10-*.json")))


def test_the_answer_comes_first(dnnbench):
    lines = dnnbench("advise", STUDY, "--model=BERT", "--throughput=2").stdout.splitlines()
    assert lines[0] == (
        "2 inferences/s of bertsquad-10: 3x c6g.medium with onnxruntime-arm64v8, $0.102 per hour."
    )
    assert lines[2].startswith("Its machines are busy for 95 % of the time: above 80 % ")
    assert any(
        line.split()[:5] == ["1x", "g4dn.xlarge", "onnxruntime-cuda", "0.526", "5.16x"]
        for line in lines
    )


def test_without_a_plan_the_nearest_target_is_reported(advise, dnnbench):
    flags = ["--model=BERT", "--throughput=60", "--single-instance"]
    advice = advise(*flags, code=NO_PLAN)
    assert advice["plans"] == []
    assert advice["nearest"] == [{"throughput_per_s": pytest.approx(51.66), "latency_p99_s": None}]
    assert "Nearest possible: 51.6/s.\n" in dnnbench("advise", STUDY, *flags).stdout
    advice = advise("--model=BERT", "--throughput=20", "--latency-p99=0.01", code=NO_PLAN)
    assert advice["nearest"] == [
        {"throughput_per_s": 20, "latency_p99_s": pytest.approx(1 / 51.66)}
    ]


def test_only_machines_of_an_architecture(advise):
    advice = advise("--model=BERT", "--throughput=50", "--arch=arm64")
    assert {member(plan)[1].split(".")[0] for plan in advice["plans"]} == {"c6g"}
    assert reason(advice, "c5a.large") == "x86_64, not arm64"


def test_a_catalogue_of_ones_own(advise, dnnbench, tmp_path):
    prices = tmp_path / "mine.csv"
    prices.write_text("instance,usd_per_hour\nc6g.medium,cheap\nc5a.large,0.01\ng4dn.xlarge,\n")
    flags = ["--model=BERT", "--throughput=2", f"--catalogue={prices}"]
    advice = advise(*flags)
    assert [member(plan) for plan in advice["plans"]] == [(2, "c5a.large")]
    assert reason(advice, "c6g.medium") == f"its row, line 2 of {prices}, can't be used"
    assert reason(advice, "g4dn.xlarge") == f"{prices} has no price for it"
    assert reason(advice, "c6g.large").startswith(f"not in {prices}")
    assert dnnbench("advise", STUDY, *flags).stderr == (
        f'dnnbench: {prices}, line 2: left out: usd_per_hour is "cheap", not a number from 0 to 1e9\n'
    )


def test_a_run_of_ours_can_be_planned_with(bench, advise, dnnbench, convolution, tmp_path):
    flags = ["--instance=rack", "--repeat=30", "--warmup=0"]
    run = bench(convolution, "--fake=ok", *flags, quick=False)
    data, disturbed = run.only_result()["data"], run.disturbed
    prices = tmp_path / "mine.csv"
    prices.write_text("instance,usd_per_hour\nrack,0.5\n")
    (run.output / "broken.json").write_text('{"model_path": ')
    done = dnnbench(
        "advise", run.output, "--model=tiny", "--throughput=0.1", f"--catalogue={prices}", "--json"
    )
    advice = json.loads(done.stdout)
    assert done.stderr == f"dnnbench: skipped {run.output}/broken.json: broken JSON\n"
    assert advice["skipped"] == [f"skipped {run.output}/broken.json: broken JSON"]
    if disturbed:
        assert "busy" in reason(advice, "rack")
        return
    (plan,) = advice["plans"]
    assert member(plan) == (1, "rack")
    assert plan["latency_s"]["basis"] == "queueing_estimate"
    assert plan["latency_s"]["one_at_a_time"]["samples"] == 30
    assert plan["throughput_per_s"] == pytest.approx(len(data) / sum(data))
    assert plan["machine"]["throughput_interval_per_s"][0] < plan["throughput_per_s"]


WRONG = [
    ([STUDY, "--throughput=2"], "dnnbench advise: which model? --model=NAME; "),
    ([STUDY, "--model=bert", "--throughput=2"], "dnnbench advise: there are no results of bert"),
    ([STUDY, "--model=BERT"], "dnnbench advise: which request rate? --throughput=50 is 50 "),
    ([STUDY, "--model=BERT", "--throughput=0"], "dnnbench advise: --throughput must be "),
    ([STUDY, "--model=BERT", "--throughput=nan"], "dnnbench advise: --throughput must be "),
    ([STUDY, "--model=BERT", "--throughput=2", "--headroom=1"], "dnnbench advise: --headroom"),
    ([STUDY, "--model=BERT", "--throughput=2", "--latency-p99=-1"], "dnnbench advise: --latency"),
    ([STUDY, "--model=BERT", "--throughput=2", "--price=-1"], "dnnbench advise: --price must be "),
    ([STUDY, "--model=BERT", "--throughput=2", "--price=nan"], "dnnbench advise: --price must be "),
    ([STUDY, "--model=BERT", "--throughput=2", "--catalogue=no.csv"], "the catalogue no.csv"),
    (["no-folder", "--model=BERT", "--throughput=2"], "there is no folder no-folder"),
    (["--model=BERT", "--throughput=2"], "dnnbench advise: give one folder of results"),
    ([ROOT / "docs", "--model=BERT", "--throughput=2"], "there are no results below "),
]


@pytest.mark.parametrize("arguments, sentence", WRONG)
def test_wrong_usage_is_one_sentence(dnnbench, arguments, sentence):
    done = dnnbench("advise", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(sentence)


def test_the_study_files_are_those_of_its_table(tmp_path):
    script = STUDY / "make_results.py"
    subprocess.run([sys.executable, script, tmp_path], check=True)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json")}
    kept = {path.relative_to(STUDY): path.read_bytes() for path in STUDY.rglob("*.json")}
    assert made == kept
    schema = json.loads((ROOT / "docs" / "published.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for text in kept.values():
        assert [error.message for error in validator.iter_errors(json.loads(text))] == []


def test_the_catalogue_is_listed_and_filtered(dnnbench):
    with open(ROOT / "catalogue" / "instances.csv", newline="") as table:
        rows = {row["instance"]: row for row in csv.DictReader(table)}
    listed = json.loads(dnnbench("catalogue", "--json").stdout)
    assert {one["instance"] for one in listed} == set(rows)
    assert [one["usd_per_hour"] for one in listed] == sorted(
        float(row["usd_per_hour"]) for row in rows.values()
    )
    shown = dnnbench("catalogue", "--match=c6g.", "--max-usd=0.1")
    assert [line.split()[0] for line in shown.stdout.splitlines()[1:]] == [
        "c6g.medium",
        "c6g.large",
    ]
    assert shown.stderr.startswith("2 of 76 types in ")
    gpus = dnnbench("catalogue", "--gpu").stdout
    assert "0.125x l4" in gpus and "c6g" not in gpus
    bf16 = json.loads(dnnbench("catalogue", "--isa=amx_bf16", "--arch=x86_64", "--json").stdout)
    assert bf16 and all("amx_bf16" in one["isa"].split() for one in bf16)


def test_a_price_is_that_of_the_machine_that_the_catalogue_lacks(advise, dnnbench, tmp_path):
    result = json.loads(SAMPLE.read_text(encoding="utf-8"))
    result["instance"] = "my-machine"
    (tmp_path / "mine.json").write_text(json.dumps(result), encoding="utf-8")
    flags = ["--model=resnet50-v1-7", "--throughput=1"]
    without = advise(*flags, results=tmp_path, code=NO_PLAN)
    assert "--price=USD" in reason(without, "my-machine")
    priced = advise(*flags, "--price=0.05", results=tmp_path)
    assert member(priced["plans"][0]) == (1, "my-machine")
    assert priced["plans"][0]["usd_per_hour"] == 0.05
    text = dnnbench("advise", tmp_path, *flags, "--price=0.05").stdout
    assert "1x my-machine with openvino, $0.050 per hour." in text
    assert "Prices: --price=0.05 for my-machine, else the built-in catalogue" in text


def test_a_price_is_of_one_machine(dnnbench):
    done = dnnbench("advise", STUDY, "--model=BERT", "--throughput=1", "--price=0.05")
    assert done.returncode == 2
    assert done.stderr.startswith("dnnbench advise: --price is the price of one machine, and")
