"""Load mode: requests that come at random. What does not depend on how quiet the machine is."""

import pytest

TWO_MS = "ok,duration_s=0.002"


def only_rate(result: dict) -> dict:
    (rate,) = result["load"]["rates"]
    return rate


@pytest.fixture(scope="module")
def light(bench, convolution):
    """Two engines at 100 requests per second."""
    parts = (TWO_MS, "ok,duration_s=0.001")
    flags = ["--mode=load", "--rate=100", "--repeat=500", "--seed=3"]
    return bench(convolution, *[f"--fake={part}" for part in parts], *flags, quick=False)


def test_the_result_holds_every_request(light):
    for result in light.results.values():
        assert result["mode"] == "load"
        assert result["ranking"] is None
        load = result["load"]
        assert load["rate_per_s"] == 100 and load["slo_p99_s"] is None
        count = len(result["data"])
        assert count >= 500
        assert len(result["start_s"]) == len(result["block"]) == len(load["begin_s"]) == count
        assert only_rate(result)["requests"] == count
        for start, latency, begin in zip(result["start_s"], result["data"], load["begin_s"]):
            assert start <= begin + 1e-9 and begin < start + latency


def test_a_request_is_begun_after_the_one_before(light):
    for result in light.results.values():
        ends = [start + latency for start, latency in zip(result["start_s"], result["data"])]
        begins = result["load"]["begin_s"]
        blocks = result["block"]
        for i in range(1, len(begins)):
            if blocks[i] == blocks[i - 1]:
                assert begins[i] >= ends[i - 1] - 1e-9


def test_the_names_state_the_rate(light):
    assert "fake-ok_duration_s=0.002-seed=3-mode=load-rate=100" in light.results
    settings = {result["load"]["settings"] for result in light.results.values()}
    assert "ok_duration_s=0.002-seed=3" in settings


def test_latencies_are_reported_where_the_rate_is_sustained(light):
    """Whether it is depends on how quiet the machine is; src/measure and src/traffic have the rules."""
    for result in light.results.values():
        rate = only_rate(result)
        if rate["verdict"] == "carried":
            assert result["throughput_per_s"] == result["load"]["carried_per_s"] == 100
            assert result["latency_s"]["p50"] >= 0.001
            assert rate["p99_at_least_s"] <= rate["p99_s"] == result["latency_s"]["p99"]
        else:
            assert result["throughput_per_s"] is None
            assert result["latency_s"] == {}
            assert rate["reason"] in light.stdout or result["noise"]["suspect"]
    quiet = [
        r for r in light.results.values() if r["throughput_per_s"] and not r["noise"]["suspect"]
    ]
    assert light.stdout.count("  ok\n") == len(quiet)
    assert ("p99 at 100 requests/s" in light.stdout) == bool(quiet)


def test_a_rate_above_what_the_engine_can_do_is_reported(bench, convolution):
    flags = ["--mode=load", "--rate=5000", "--budget=3"]
    run = bench(convolution, f"--fake={TWO_MS}", *flags, quick=False)
    assert run.code == 0
    result = run.only_result()
    assert result["throughput_per_s"] is None
    assert result["latency_s"] == {}
    rate = only_rate(result)
    assert rate["verdict"] == "overloaded"
    assert rate["busy_share"] > 1
    assert rate["reason"].startswith("it can't sustain 5000/s: its maximum is about ")
    assert rate["reason"] in run.stdout or run.disturbed
    assert result["load"]["carried_per_s"] is None


def test_a_stall_shows_in_all_that_wait_for_it(bench, convolution):
    """Half a second at 200 per second: about 125 requests, not one (coordinated omission).

    It stalls in every turn, since one turn may be disturbed and measured again."""
    part = "stall,duration_s=0.0005,calls=200,stall_s=0.5"
    flags = ["--mode=load", "--rate=200", "--repeat=400", "--warmup=0"]
    result = bench(convolution, f"--fake={part}", *flags, quick=False).only_result()
    waited = sum(latency > 0.05 for latency in result["data"])
    assert waited >= 60


def test_several_processes_share_the_requests(bench, convolution):
    flags = ["--mode=load", "--rate=300", "--repeat=300", "--streams=2", "--threads=1"]
    run = bench(convolution, "--fake=ok,duration_s=0.002", *flags, quick=False)
    result = run.only_result()
    assert result["streams"] == 2
    assert len(result["data"]) >= 300
    ends = [start + latency for start, latency in zip(result["start_s"], result["data"])]
    begins = result["load"]["begin_s"]
    overlapping = sum(begins[i] < ends[i - 1] for i in range(1, len(begins)))
    assert overlapping > 0
    for i in range(2, len(begins)):  # never three at a time
        assert sum(begins[i] < end - 1e-9 for end in ends[:i]) <= 1
    assert not [name for name in run.files() if name.endswith(".log")]  # nothing was printed


def test_a_process_that_no_request_reached_is_not_judged(bench, convolution):
    """Ten requests for twelve processes: some hold outputs of the inputs before."""
    flags = ["--mode=load", "--rate=100", "--repeat=5", "--streams=12", "--threads=1"]
    result = bench(convolution, "--fake=ok", *flags, quick=False).only_result()
    assert (result["outcome"], result["verification"]["verdict"]) == ("ok", "ok"), result["reason"]


def test_the_highest_rate_within_a_bound(bench, convolution):
    flags = ["--mode=load", "--slo-p99=0.01", "--budget=20"]
    run = bench(convolution, f"--fake={TWO_MS}", *flags, quick=False)
    result = run.only_result()
    load = result["load"]
    assert load["slo_p99_s"] == 0.01 and load["rate_per_s"] is None
    chosen = load["rates"][load["chosen"]]
    if load["carried_per_s"] is None:  # a busy machine
        assert load["reason"] != ""
        assert chosen["rate_per_s"] == min(rate["rate_per_s"] for rate in load["rates"])
        assert chosen["verdict"] != "carried" or chosen["p99_s"] is None or chosen["p99_s"] > 0.01
        return
    assert chosen["rate_per_s"] == load["carried_per_s"] == result["throughput_per_s"]
    assert chosen["p99_s"] <= 0.01 and chosen["verdict"] == "carried"
    missed = [
        rate["rate_per_s"]
        for rate in load["rates"]
        if rate["verdict"] not in ("late", "disturbed")  # void: says nothing of the engine
        and (rate["verdict"] != "carried" or (rate["p99_s"] or 0) > 0.01)
    ]
    assert all(rate > load["carried_per_s"] for rate in missed)


def test_an_engine_that_ends_under_traffic_leaves_the_others_theirs(bench, convolution):
    flags = ["--mode=load", "--rate=200", "--repeat=300", "--warmup=0", "--timeout=8"]
    parts = ["crash_later,calls=100", TWO_MS]
    run = bench(convolution, *[f"--fake={part}" for part in parts], *flags, quick=False)
    outcomes = {result["backend_meta"][:5]: result["outcome"] for result in run.results.values()}
    assert outcomes == {"ok_du": "ok", "crash": "crashed"}


@pytest.mark.parametrize("engine", ["wrong", "wrong_later"])
def test_wrong_outputs_are_found_under_traffic_too(bench, convolution, engine):
    flags = ["--mode=load", "--rate=200", "--repeat=50"]
    run = bench(convolution, f"--fake={engine}", *flags, quick=False)
    assert run.only_result()["outcome"] == "wrong_output"
