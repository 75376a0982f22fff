"""dnnbench fleet on a real Slurm cluster: several nodes on this machine, each of a machine type."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import slurm_cluster
import terminal_test
import tiny_models

TYPES = {"c6g.medium": 1, "c5a.large": 1, "g4dn.xlarge": 1}
LIMIT_S = 180
REPOSITORY = Path(__file__).resolve().parent.parent
QUICK = ("--fake=ok", "--repeat=3", "--warmup=0")

pytestmark = pytest.mark.skipif(bool(slurm_cluster.why_not()), reason=slurm_cluster.why_not())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with slurm_cluster.Cluster(tmp_path_factory.mktemp("cluster"), TYPES) as one:
        yield one


@pytest.fixture
def model(tmp_path) -> Path:
    path = tmp_path / "tiny.onnx"
    tiny_models.save(tiny_models.convolution(), path)
    return path


class Fleet:
    """A `dnnbench fleet` that runs; text() is what it has printed so far."""

    def __init__(self, programs: Path, cluster, output: Path, *arguments: object):
        self.output = output
        self.log = output.with_name(f"log.{time.monotonic_ns()}")
        self.process = subprocess.Popen(
            [programs / "dnnbench", "fleet", "--slurm", f"--output={output}", *map(str, arguments)],
            env=cluster.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("ab"),
            stderr=subprocess.STDOUT,
        )

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def end(self) -> tuple[int, str]:
        """Its exit status and text. A busy machine is no failure: 0 where it alone is complained of."""
        code = self.process.wait(timeout=LIMIT_S)
        text = self.text()
        complaints = [line for line in text.splitlines() if "measured" in line and "; " in line]
        is_busy = all("; the machine was busy on " in line for line in complaints)
        return 0 if code == 1 and complaints and is_busy else code, text

    def job(self, instance: str) -> str:
        return (self.state(instance) / "job").read_text(encoding="ascii").strip()

    def state(self, instance: str) -> Path:
        return self.output.with_name(f"{self.output.name}.fleet") / instance

    def wait_until_measuring(self, instance: str) -> str:
        """The job that does."""
        report = self.state(instance) / "report"
        wait_until(lambda: report.exists() and report.read_text().startswith("measuring"))
        return self.job(instance)


@pytest.fixture
def fleet(programs, cluster, tmp_path):
    """fleet(model, "--instances=c6g.medium", ...): started; end() waits for it."""
    started = []

    def start(*arguments: object, output: Path = None) -> Fleet:
        flags = () if any(str(one).startswith("--fake") for one in arguments) else QUICK
        started.append(Fleet(programs, cluster, output or tmp_path / "results", *arguments, *flags))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
    left = cluster.jobs()
    if left:
        cluster.run("scancel", *left)


def results(output: Path) -> dict[str, list[str]]:
    return {
        folder.name: sorted(path.name for path in folder.glob("*.json"))
        for folder in sorted(output.iterdir())
    }


def wait_until(holds) -> None:
    end = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def gate(tmp_path) -> Path:
    """An engine that waits is let go on by this file."""
    return tmp_path / "gate"


def waiting_for(gate: Path) -> tuple[str, ...]:
    return (f"--fake=wait,file={gate}", "--repeat=3", "--warmup=0")


def test_each_type_is_measured_on_its_own_node(fleet, cluster, model):
    running = fleet(model, f"--instances={','.join(TYPES)}")
    code, text = running.end()
    assert code == 0, text
    assert {name: len(files) for name, files in results(running.output).items()} == {
        name: 1 for name in TYPES
    }
    for instance in TYPES:
        job = running.job(instance)
        assert f"{instance} (job {job}): measured 1 of 1" in text
        assert cluster.field(job, "NodeList") == cluster.nodes[instance][0]


def test_a_terminal_shows_one_line_per_machine_type(programs, cluster, model, tmp_path):
    command = [programs / "dnnbench", "fleet", model, "--slurm", f"--output={tmp_path / 'results'}"]
    command += ["--instances=c6g.medium,c5a.large", *QUICK]
    configuration = cluster.environment["SLURM_CONF"]
    _, seen = terminal_test.on_terminal(command, 100, SLURM_CONF=configuration)
    *looks, last = seen.split("\x1b[2A\r\x1b[J")
    assert looks
    assert [line.split(" (job ")[0] for line in last.splitlines()[:2]] == [
        "c6g.medium",
        "c5a.large",
    ]
    assert last.count("measured 1 of 1") == 2 and last.count("\n") == 3, last


def test_run_again_it_submits_what_is_missing(fleet, cluster, model):
    first = fleet(model, "--instances=c6g.medium,c5a.large")
    assert first.end()[0] == 0
    before = {path: path.stat().st_mtime_ns for path in first.output.rglob("*.json")}
    code, text = fleet(model, "--instances=c6g.medium,c5a.large").end()
    assert code == 0 and "(job" not in text, text
    assert {path: path.stat().st_mtime_ns for path in first.output.rglob("*.json")} == before
    shutil.rmtree(first.output / "c5a.large")
    code, text = fleet(model, "--instances=c6g.medium,c5a.large").end()
    assert code == 0 and "c5a.large (job" in text and "c6g.medium (job" not in text, text
    assert [len(files) for files in results(first.output).values()] == [1, 1]


def test_a_further_model_is_all_that_is_measured(fleet, model, tmp_path):
    first = fleet(model, "--instances=c6g.medium")
    assert first.end()[0] == 0
    (before,) = first.output.rglob("*.json")
    written = before.stat().st_mtime_ns
    other = tiny_models.save(tiny_models.convolution(), tmp_path / "other.onnx")
    code, text = fleet(model, other, "--instances=c6g.medium").end()
    assert code == 0 and "measured 2 of 2" in text, text
    assert before.stat().st_mtime_ns == written
    assert len(results(first.output)["c6g.medium"]) == 2


def test_an_unknown_type_submits_nothing(fleet, cluster, model):
    code, text = fleet(model, "--instances=c6g.medium,m7i.large").end()
    assert code == 2
    assert "the cluster takes no job for m7i.large: " in text
    assert cluster.jobs() == []


def test_an_engine_that_fails_is_a_result(fleet, model):
    running = fleet(model, "--instances=c5a.large", "--fake=crash", "--repeat=3", "--warmup=0")
    code, text = running.end()
    assert code == 1
    assert "measured 1 of 1; not all engines ok on tiny" in text
    assert len(results(running.output)["c5a.large"]) == 1


def test_a_model_that_can_not_be_run_says_why(fleet, model):
    model.write_bytes(b"no model")
    code, text = fleet(model, "--instances=c5a.large").end()
    assert code == 1
    assert "measured 0 of 1; tiny: " in text and "tiny.onnx" in text


def test_ctrl_c_cancels_what_it_submitted_and_nothing_else(fleet, cluster, model, tmp_path):
    other = cluster.run("sbatch", "--parsable", "--wrap=sleep 600", "-C", "g4dn.xlarge").strip()
    running = fleet(model, "--instances=c5a.large,g4dn.xlarge", "--fake=hang", "--timeout=600")
    wait_until(lambda: len(cluster.jobs()) == 3)
    running.process.send_signal(signal.SIGINT)
    code, text = running.end()
    assert code == 130 and "Cancelled 2 jobs" in text, text
    wait_until(lambda: cluster.jobs() == [other])


def test_a_job_of_a_lost_node_is_put_back(fleet, cluster, model, gate):
    (node,) = cluster.nodes["c5a.large"]
    running = fleet(model, "--instances=c5a.large", *waiting_for(gate))
    job = running.wait_until_measuring("c5a.large")
    cluster.kill_node(node)
    wait_until(lambda: cluster.states()[node].startswith("DOWN"))
    cluster.start_node(node)
    wait_until(lambda: cluster.field(job, "Restarts") == "1")
    gate.touch()
    code, text = running.end()
    assert code == 0 and "measured 1 of 1" in text, text


def test_a_job_that_is_preempted_goes_on_later(fleet, cluster, model, gate):
    running = fleet(model, "--instances=c5a.large", *waiting_for(gate))
    job = running.wait_until_measuring("c5a.large")
    cluster.run("sbatch", "--partition=urgent", "-C", "c5a.large", "-o/dev/null", "--wrap=true")
    wait_until(lambda: cluster.field(job, "Restarts") == "1")
    gate.touch()
    code, text = running.end()
    assert code == 0 and f"(job {job}): measured 1 of 1" in text, text


def test_the_controller_may_be_restarted(fleet, cluster, model, gate):
    running = fleet(model, "--instances=c6g.medium", *waiting_for(gate))
    running.wait_until_measuring("c6g.medium")
    cluster.stop("slurmctld")
    wait_until(lambda: "The scheduler does not answer" in running.text())
    cluster.start_controller()
    gate.touch()
    code, text = running.end()
    assert code == 0 and "measured 1 of 1" in text, text


def test_a_partition_that_is_down_is_given_up(fleet, cluster, model):
    cluster.run("scontrol", "update", "partition=bench", "state=DOWN")
    try:
        code, text = fleet(model, "--instances=c6g.medium").end()
    finally:
        cluster.run("scontrol", "update", "partition=bench", "state=UP")
    assert code == 1 and "its job could not start: PartitionDown" in text, text
    assert cluster.jobs() == []


def test_a_full_disk_on_one_node_is_reported(fleet, model, tmp_path):
    output = tmp_path / "small"
    (output / "c5a.large").mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k,nr_inodes=2", "none", output / "c5a.large"]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("may not mount a small file system here")
    try:
        running = fleet(model, "--instances=c5a.large,c6g.medium", output=output)
        code, text = running.end()
    finally:
        subprocess.run(["umount", output / "c5a.large"], check=True)
    assert code == 1 and "measured 0 of 1; tiny: " in text and "No space left" in text, text
    assert f"c6g.medium (job {running.job('c6g.medium')}): measured 1 of 1" in text


def test_two_fleets_at_once(fleet, model, gate, tmp_path):
    first = fleet(model, "--instances=c6g.medium,c5a.large", *waiting_for(gate))
    first.wait_until_measuring("c6g.medium")
    second = fleet(model, "--instances=g4dn.xlarge,c5a.large", output=tmp_path / "other")
    code, text = fleet(model, "--instances=c6g.medium").end()  # into the folder of the first
    assert code == 2 and "another run of fleet uses" in text, text
    gate.touch()
    for one in (first, second):
        code, text = one.end()
        assert code == 0 and text.count("measured 1 of 1") == 2, text


def test_three_nodes_and_eight_models(fleet, tmp_path):
    models = []
    for i in range(8):
        models.append(tmp_path / f"tiny{i}.onnx")
        tiny_models.save(tiny_models.convolution(), models[-1])
    running = fleet(*models, f"--instances={','.join(TYPES)}")
    code, text = running.end()
    assert code == 0, text
    assert {name: len(files) for name, files in results(running.output).items()} == {
        name: 8 for name in TYPES
    }


def test_the_whole_way_from_the_cluster_to_an_answer(fleet, model, dnnbench, tmp_path):
    """What fleet collected is what advise and the page read."""
    running = fleet(model, f"--instances={','.join(TYPES)}")
    assert running.end()[0] == 0
    for path in running.output.rglob("*.json"):  # this machine is busy with the cluster
        result = json.loads(path.read_text(encoding="utf-8"))
        result["noise"]["suspect"] = False
        path.write_text(json.dumps(result), encoding="utf-8")
    done = dnnbench("advise", running.output, "--model=tiny", "--throughput=1", "--json")
    assert done.returncode == 0, done.stderr
    advice = json.loads(done.stdout)
    cheapest = advice["plans"][0]["members"]
    assert [one["instance"] for one in cheapest] == ["c6g.medium"]
    plots = tmp_path / "plots"
    script = REPOSITORY / "vis" / "plot_results.py"
    drawn = subprocess.run(
        [sys.executable, script, running.output, plots],
        capture_output=True,
        encoding="utf-8",
    )
    assert drawn.returncode == 0, drawn.stderr
    page = (plots / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in TYPES)


def test_a_node_that_shares_no_folder(fleet, cluster, model, tmp_path):
    """The program and the model are sent to it, its results collected, through srun."""
    (node,) = cluster.nodes["g4dn.xlarge"]
    cluster.stop(f"slurmd.{node}")
    cluster.start_node(node, hidden=tmp_path)
    try:
        running = fleet(model, "--instances=g4dn.xlarge,c5a.large")
        code, text = running.end()
    finally:
        cluster.stop(f"slurmd.{node}")
        cluster.start_node(node)
    assert code == 0, text
    assert {name: len(files) for name, files in results(running.output).items()} == {
        "c5a.large": 1,
        "g4dn.xlarge": 1,
    }
    assert (tmp_path / "results.fleet/g4dn.xlarge/unshared").exists()
    assert not (tmp_path / "results.fleet/c5a.large/unshared").exists()


def test_a_killed_fleet_is_continued(fleet, cluster, model, gate):
    first = fleet(model, "--instances=c6g.medium", *waiting_for(gate))
    job = first.wait_until_measuring("c6g.medium")
    first.process.kill()
    first.process.wait()
    second = fleet(model, "--instances=c6g.medium", *waiting_for(gate))
    wait_until(lambda: f"(job {job})" in second.text())
    gate.touch()
    code, text = second.end()
    assert code == 0 and f"(job {job}): measured 1 of 1" in text, text


def test_a_dry_run_prints_the_script_that_is_submitted(fleet, cluster, model):
    dry = fleet(model, "--instances=c6g.medium", "--dry-run")
    code, printed = dry.end()
    assert code == 0 and "#SBATCH --constraint=c6g.medium" in printed
    assert not dry.state("c6g.medium").exists()
    real = fleet(model, "--instances=c6g.medium")
    assert real.end()[0] == 0
    submitted = cluster.run("scontrol", "write", "batch_script", real.job("c6g.medium"), "-")
    assert printed.strip() == f"# c6g.medium\n{submitted}".strip()


@pytest.mark.parametrize(
    ("flags", "lines"),
    [
        (
            ["--partition=x86"],
            ["--partition=x86", "--constraint=a", "--partition=x86", "--constraint=b"],
        ),
        (["--partition=q-{instance}"], ["--partition=q-a", "--partition=q-b"]),
        (["--constraint=fast&{instance}"], ["--constraint=fast&a", "--constraint=fast&b"]),
    ],
)
def test_each_job_asks_for_its_machine_type(dnnbench, model, flags, lines):
    done = dnnbench("fleet", model, "--slurm", "--instances=a,b", "--dry-run", *flags)
    assert done.returncode == 0, done.stderr
    asked = re.findall("^#SBATCH (--partition=.*|--constraint=.*)$", done.stdout, re.MULTILINE)
    assert asked == lines


def test_a_partition_for_a_single_type_is_taken_at_its_word(dnnbench, model):
    flags = ["--instances=box", "--partition=x86", "--dry-run"]
    printed = dnnbench("fleet", model, "--slurm", *flags).stdout
    assert "#SBATCH --partition=x86\n" in printed and "#SBATCH --constraint" not in printed


def test_a_value_may_stand_apart_from_its_flag(dnnbench, model):
    flags = ["--instances=box", "--dry-run", "--threads", "2", "--seed=3"]
    printed = dnnbench("fleet", model, "--slurm", *flags).stdout
    assert "--threads=2" in printed and "--seed=3" in printed


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--instances=a"], "give --slurm; it is the only kind of cluster supported"),
        (["--slurm"], "which machine types?"),
        (["--slurm", "--instances=a,,b"], "'' is not a machine type"),
        (["--slurm", "--instances=a,../b"], "'../b' is not a machine type"),
        (["--slurm", "--instances=a,a"], "names a twice"),
        (["--slurm", "--instances=a", "--nonsense"], "--nonsense"),
        (["--slurm", "--instances=a,b", "--constraint=fast"], "write {instance} in --constraint"),
        (["--slurm", "--instances=a,b", "--partition=x", "--constraint=y"], "write {instance} in"),
    ],
)
def test_wrong_usage(dnnbench, model, flags, expected):
    done = dnnbench("fleet", model, *flags)
    assert done.returncode == 2 and expected in done.stderr


def test_without_slurm_it_says_where_to_run(dnnbench, model, tmp_path):
    environment = dict(os.environ, PATH=str(tmp_path))
    done = dnnbench("fleet", model, "--slurm", "--instances=a", env=environment)
    assert done.returncode == 2 and "this machine has no sbatch" in done.stderr
    assert shutil.which("sbatch")
