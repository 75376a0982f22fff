"""Engines take turns: whose times are whose, when they were taken, and what they are ranked by."""

import itertools
import math
import statistics
import uuid

import pytest

from processes import engine_folder

TWO_MS, SAME, FIVE_PERCENT = "ok,duration_s=0.002", "ok,duration_s=0.0020", "ok,duration_s=0.0021"


def key(part: str) -> str:
    return "fake-" + part.replace(",", "_")


@pytest.fixture(scope="module")
def three(bench, convolution):
    """Two that are equal, and one that takes 5 % longer."""
    flags = [f"--fake={part}" for part in (FIVE_PERCENT, TWO_MS, SAME)]
    return bench(convolution, *flags, "--budget=15", quick=False)


def turns(run) -> list[tuple[float, float, str]]:
    """Start, end and engine of every turn, in order."""
    found = []
    for name, result in run.results.items():
        rows = zip(result["block"], result["start_s"], result["data"])
        for _, turn in itertools.groupby(rows, key=lambda row: row[0]):
            turn = list(turn)
            found.append((turn[0][1], turn[-1][1] + turn[-1][2], name))
    return sorted(found)


def test_engines_never_compute_at_the_same_time(three):
    for before, after in itertools.pairwise(turns(three)):
        assert before[1] <= after[0]


def test_engines_alternate(three):
    if three.disturbed:  # who was disturbed keeps blocks that the others don't
        return
    names = [name for _, _, name in turns(three)]
    assert len(set(names[:3])) == 3
    longest = max(len(list(group)) for _, group in itertools.groupby(names))
    assert longest <= 2 or len(set(names)) < 3


def test_files_of_a_run_can_be_paired(three):
    results = list(three.results.values())
    assert len({result["run_id"] for result in results}) == 1
    for result in results:
        assert len(result["data"]) == len(result["start_s"]) == len(result["block"])
        assert result["start_s"] == sorted(result["start_s"])
        assert result["block"] == sorted(result["block"])
    if not three.disturbed:
        assert set(results[0]["block"]) & set(results[1]["block"]) & set(results[2]["block"])


def medians(result) -> dict[int, float]:
    """The median of one measurement, by block."""
    rows = zip(result["block"], result["data"])
    groups = itertools.groupby(rows, key=lambda row: row[0])
    return {block: statistics.median(time for _, time in group) for block, group in groups}


def test_a_ranking_is_that_of_the_samples(three):
    """Which ranking it is depends on how quiet the machine is; src/measure has the rules."""
    ranked = [result for result in three.results.values() if result["ranking"]]
    for result in three.results.values():
        assert (result["ranking"] is None) == result["noise"]["suspect"]
    best = [medians(result) for result in ranked if result["ranking"]["relation"] == "best"]
    assert len(best) == (1 if ranked else 0)
    for result in ranked:
        ranking, own = result["ranking"], medians(result)
        logs = [math.log(own[block] / best[0][block]) for block in own.keys() & best[0].keys()]
        assert ranking["vs_best"] == pytest.approx(math.exp(statistics.median(logs)), rel=1e-6)
        assert ranking["engines"] == len(ranked)
        low, high = ranking["vs_best_interval"] or (0, math.inf)
        if ranking["relation"] != "best":
            assert (ranking["relation"] == "slower") == (low > 1.01)
            assert (ranking["relation"] == "tie") == (1 / 1.01 <= low and high <= 1.01)
        is_slower = ranking["relation"] == "slower"
        assert ranking["relation"] == "undecided" or (ranking["place"] == 1) != is_slower
    if len(ranked) > 1 and not three.disturbed:
        assert "fast" in three.answer
    assert three.stdout.count("  suspect\n") == 3 - len(ranked)


def test_no_measurement_is_shorter_than_the_engine_takes(three):
    for part, duration_s in ((TWO_MS, 0.002), (SAME, 0.002), (FIVE_PERCENT, 0.0021)):
        assert three.results[key(part)]["min"] == pytest.approx(duration_s, rel=0.01)
        assert three.results[key(part)]["min"] >= duration_s


def test_what_an_early_leaver_has_not_used_is_not_given_to_the_others(bench, convolution):
    """The second differs from the first by just what is a tie and what is not; a turn takes 0.14 s."""
    flags = [f"--fake=ok,duration_s={s}" for s in (0.002, 0.00202, 0.004)]
    limits = ("--budget=3", "--confidence=0.9", "--precision-target=0.000001")
    run = bench(convolution, *flags, *limits, quick=False)
    assert max(result["noise"]["blocks"] for result in run.results.values()) <= 22


def test_cpu_time_is_reported(three):
    for result in three.results.values():
        # Waiting for the clock is no computing where something else has the core.
        assert result["cpu_s_per_inference"] > (0.0001 if result["noise"]["suspect"] else 0.0015)


@pytest.mark.parametrize(
    "part, outcome", [("crash_later,calls=100", "crashed"), ("hang_later,calls=100", "timed_out")]
)
def test_an_engine_that_ends_midway_leaves_the_others_their_rounds(
    bench, convolution, part, outcome
):
    flags = [f"--fake={p}" for p in (part + ",duration_s=0.002", TWO_MS, FIVE_PERCENT)]
    run = bench(convolution, *flags, "--repeat=600", "--warmup=20", "--timeout=8", quick=False)
    assert run.code == 1
    broken = run.results[key(part + ",duration_s=0.002")]
    assert broken["outcome"] == outcome
    assert broken["verification"]["verdict"] == "ok"
    for name in (TWO_MS, FIVE_PERCENT):
        assert run.results[key(name)]["outcome"] == "ok"
        assert len(run.results[key(name)]["data"]) == 600
    if not run.disturbed:
        assert run.results[key(TWO_MS)]["ranking"]["engines"] == 2


@pytest.mark.parametrize("limit", ["--budget=12", "--repeat=300"])
def test_an_engine_alone_that_crashes_at_a_restart_is_reported(bench, convolution, limit):
    marker = engine_folder("fake") / uuid.uuid4().hex  # nowhere else may it write
    part = f"crash_on_second_load,file={marker},duration_s=0.002"
    flags = [f"--fake={part}", limit, "--precision-target=0.000001"]
    run = bench(convolution, *flags, quick=False)
    marker.unlink()
    assert run.code == 1
    assert run.only_result()["outcome"] == "crashed"


def test_a_confidence_that_can_not_be_reached_is_not_claimed(bench, convolution):
    flags = [f"--fake={part}" for part in (TWO_MS, FIVE_PERCENT)]
    run = bench(convolution, *flags, "--repeat=40", "--confidence=0.999999", quick=False)
    for result in run.results.values():
        ranking = result["ranking"]
        if ranking is None:
            assert result["noise"]["suspect"]
        elif ranking["engines"] == 2:
            assert not ranking["decided"] and ranking["probability"] < 0.999999
            assert (ranking["vs_best_interval"] is None) == (ranking["relation"] != "best")
    if run.disturbed:
        assert run.answer.startswith("The machine was busy: ")
    else:
        assert "with no winner yet at 99.9999 % confidence" in run.stdout
        assert "x [?]" in run.stdout
