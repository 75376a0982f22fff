"""A CPU quota, as a container has it: set on a real control group, which takes root."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from processes import wait_until

PERIOD_US = 100_000


def cpu_controller() -> tuple[str, Path] | None:
    """The kind of file system and where it is mounted; None where there is none to write to."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mount, kind, options = line.split()[:4]
        folder = Path(mount)
        if kind == "cgroup" and "cpu" in options.split(","):
            return kind, folder
        if kind == "cgroup2" and "cpu" in (folder / "cgroup.subtree_control").read_text().split():
            return kind, folder
    return None


def set_quota(group: tuple[str, Path, Path], cores: float) -> None:
    kind, _, folder = group
    quota_us = round(cores * PERIOD_US)
    if kind == "cgroup":
        (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (folder / "cpu.cfs_quota_us").write_text(str(quota_us))
    else:
        (folder / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")


@pytest.fixture
def group():
    """A group with a quota of 1.5 cores; the test runs with two cores or more."""
    found = cpu_controller()
    if found is None or os.geteuid() != 0 or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs root, a control group for the CPU and two cores")
    kind, mount = found
    folder = mount / f"dnnbench-quota-test-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"{mount} can't be written: {error.strerror}")
    set_quota((kind, mount, folder), 1.5)
    yield kind, mount, folder
    wait_until(lambda: not (folder / "cgroup.procs").read_text())  # of a process that is ending
    folder.rmdir()


def check(run, engines: list[str]) -> None:
    assert run.code == 0, run.stderr
    assert ": 1 thread, f32" in run.stdout
    assert {result["backend"] for result in run.results.values()} == set(engines)
    for result in run.results.values():
        assert result["environment"]["cgroup_cpu_quota"] == 1.5
        assert result["threads"] == result["in_force"]["threads"] == 1


@pytest.fixture
def engines(has_openvino) -> list[str]:
    return ["onnxruntime", *(["openvino"] if has_openvino else [])]


def test_the_quota_of_its_group_decides_the_threads(bench, convolution, group, engines):
    _, _, folder = group

    def join() -> None:
        (folder / "cgroup.procs").write_text("0")

    check(bench(convolution, *(f"--{name}" for name in engines), preexec_fn=join), engines)


def test_a_quota_that_stops_the_engine_is_reported(
    programs, cache_without_history, convolution, group, tmp_path
):
    set_quota(group, 0.2)

    def join() -> None:
        (group[2] / "cgroup.procs").write_text("0")

    results = tmp_path / "results"
    flags = ("--fake=ok,duration_s=0.005", "--budget=5", "--warmup=1", f"--output={results}")
    done = subprocess.run(
        [programs / "dnnbench", "run", convolution, *flags],
        preexec_fn=join,
        env=os.environ | {"XDG_CACHE_HOME": str(cache_without_history.parent)},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert "The control group's quota of 0.2 CPUs stopped the engines" in done.stderr, done.stderr
    (path,) = results.glob("*.json")
    noise = json.loads(path.read_text(encoding="utf-8"))["noise"]
    assert noise["quota_share"] > 0.02


def test_the_quota_is_seen_from_within_a_container(bench, convolution, group, engines):
    """With namespaces of its own, in which the group is the root of what is mounted."""
    kind, mount, folder = group
    options = "cpu" if kind == "cgroup" else "rw"
    if subprocess.run(["unshare", "--mount", "--cgroup", "true"], capture_output=True).returncode:
        pytest.skip("namespaces are not allowed here")
    inner = f'umount -l {mount} && mount -t {kind} -o {options} none {mount} && exec "$@"'
    outer = (
        f"echo $$ >{folder}/cgroup.procs && exec unshare --mount --cgroup sh -c '{inner}' sh \"$@\""
    )
    prefix = ("sh", "-c", outer, "sh")
    check(bench(convolution, *(f"--{name}" for name in engines), prefix=prefix), engines)
