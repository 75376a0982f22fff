"""Engines take turns: whose times are whose, when they were taken, and what they are ranked by."""

import itertools

import pytest

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


def test_the_ranking_is_what_is_known_of_these_engines(three):
    if three.disturbed:
        assert all(result["ranking"] is None for result in three.results.values())
        pytest.skip("the machine is too busy for a ranking")
    slow = three.results[key(FIVE_PERCENT)]
    assert slow["ranking"]["place"] == 3
    assert slow["ranking"]["relation"] == "slower"
    assert slow["ranking"]["vs_best"] == pytest.approx(1.05, abs=0.005)
    low, high = slow["ranking"]["vs_best_interval"]
    assert 1 < low <= slow["ranking"]["vs_best"] <= high
    equal = [three.results[key(part)]["ranking"] for part in (TWO_MS, SAME)]
    assert {ranking["place"] for ranking in equal} == {1}
    assert {ranking["relation"] for ranking in equal} == {"best", "tie"}
    for result in three.results.values():
        assert result["stopped"] == "decided"
        assert result["ranking"]["decided"]
        assert result["ranking"]["probability"] >= 0.99
    assert "are equally fast, within 1 % (whole order: confidence >= " in three.stdout
    assert "  tie  " in three.stdout
    assert "  1.05x [1.0" in three.stdout


def test_a_known_duration_is_measured_within_one_percent(three):
    if three.disturbed:
        pytest.skip("the machine is too busy")
    assert three.results[key(TWO_MS)]["latency_s"]["p50"] == pytest.approx(0.002, rel=0.01)
    assert three.results[key(FIVE_PERCENT)]["latency_s"]["p50"] == pytest.approx(0.0021, rel=0.01)


def test_what_an_early_leaver_has_not_used_is_not_given_to_the_others(bench, convolution):
    """The second differs from the first by just what is a tie and what is not; a turn takes 0.2 s."""
    flags = [f"--fake=ok,duration_s={s}" for s in (0.002, 0.00202, 0.004)]
    limits = ("--budget=3", "--confidence=0.9", "--precision-target=0.000001")
    run = bench(convolution, *flags, *limits, quick=False)
    assert max(result["noise"]["blocks"] for result in run.results.values()) <= 15


def test_cpu_time_is_told(three):
    for result in three.results.values():
        assert result["cpu_s_per_inference"] > 0.0015


@pytest.mark.parametrize(
    "part, outcome", [("crash_later,calls=100", "crashed"), ("hang_later,calls=100", "timed_out")]
)
def test_an_engine_that_ends_midway_leaves_the_others_their_rounds(
    bench, convolution, part, outcome
):
    flags = [f"--fake={p}" for p in (part + ",duration_s=0.002", TWO_MS, FIVE_PERCENT)]
    run = bench(convolution, *flags, "--repeat=600", "--warmup=20", "--timeout=4", quick=False)
    assert run.code == 1
    broken = run.results[key(part + ",duration_s=0.002")]
    assert broken["outcome"] == outcome
    assert broken["verification"]["verdict"] == "ok"
    for name in (TWO_MS, FIVE_PERCENT):
        assert run.results[key(name)]["outcome"] == "ok"
        assert len(run.results[key(name)]["data"]) == 600
    if not run.disturbed:
        assert run.results[key(TWO_MS)]["ranking"]["engines"] == 2


@pytest.mark.parametrize("limit", ["--budget=3", "--repeat=300"])
def test_an_engine_alone_that_ends_when_it_is_started_anew_is_told(
    bench, convolution, tmp_path, limit
):
    part = f"crash_on_second_load,file={tmp_path}/loaded,duration_s=0.002"
    flags = [f"--fake={part}", limit, "--precision-target=0.000001"]
    run = bench(convolution, *flags, quick=False)
    assert run.code == 1
    assert run.only_result()["outcome"] == "crashed"


def test_a_confidence_that_can_not_be_reached_is_not_claimed(bench, convolution):
    flags = [f"--fake={part}" for part in (TWO_MS, FIVE_PERCENT)]
    run = bench(convolution, *flags, "--repeat=40", "--confidence=0.999999", quick=False)
    if run.disturbed:
        pytest.skip("the machine is too busy for a ranking")
    ranking = run.results[key(FIVE_PERCENT)]["ranking"]
    assert not ranking["decided"]
    assert ranking["vs_best_interval"] is None
    assert 0.9 < ranking["probability"] < 0.999999
    assert "with no winner yet at 99.9999 % confidence" in run.stdout
    assert "x [?]" in run.stdout
