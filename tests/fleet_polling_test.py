"""What watching ten thousand jobs costs: dnnbench fleet with a stand-in for Slurm's commands."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import tiny_models

LIMIT_S = 300
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# One job per type, all found as an earlier call's, so that nothing is submitted. Each call notes how
# much CPU time fleet and the commands that it ran have used so far, and when.
SQUEUE = """#!/bin/sh
read -r boot_s _ </proc/uptime
read -r stat </proc/$PPID/stat
set -- ${stat##*) }
echo "$boot_s $((${12} + ${13} + ${14} + ${15}))" >>"$POLLS"
exec cat "$QUEUE"
"""


def states(count: int) -> str:
    """What squeue prints for that many jobs: waiting, running, and of others that have ended."""
    lines = []
    for job in range(1, count + 1):
        state, reason, node = (
            ("RUNNING", "None", f"node{job}") if job % 2 else ("PENDING", "Resources", "")
        )
        lines.append(f"{job}|{state}|{reason}|{node}\n")
    lines += [f"{job}|COMPLETED|None|node1\n" for job in range(count + 1, 2 * count + 1)]
    return "".join(lines)


class Watched:
    """A fleet that watches so many jobs, until it has polled a few times."""

    def __init__(self, programs: Path, folder: Path, count: int, polls: int = 4):
        folder.mkdir()
        bin_folder, state = folder / "bin", folder / "results.fleet"
        bin_folder.mkdir()
        for command in ("sbatch", "scontrol", "scancel"):
            self.script(bin_folder / command, "#!/bin/sh\nexit 1\n")
        self.script(bin_folder / "squeue", SQUEUE)
        (folder / "queue").write_text(states(count), encoding="ascii")
        self.polls = folder / "polls"
        self.polls.touch()
        types = [f"t{job}" for job in range(1, count + 1)]
        for job, name in enumerate(types, start=1):
            (state / name).mkdir(parents=True)
            (state / name / "job").write_text(f"{job}\n", encoding="ascii")
            (state / name / "report").write_text("measuring 1 tiny\n", encoding="ascii")
        model = tiny_models.save(tiny_models.convolution(), folder / "tiny.onnx")
        environment = dict(os.environ, PATH=f"{bin_folder}:{os.environ['PATH']}")
        environment |= {"POLLS": str(self.polls), "QUEUE": str(folder / "queue")}
        command = [
            programs / "dnnbench",
            "fleet",
            model,
            "--slurm",
            f"--output={folder / 'results'}",
        ]
        process = subprocess.Popen(
            [*command, f"--instances={','.join(types)}"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            end = time.monotonic() + LIMIT_S
            while len(self.lines()) < polls and time.monotonic() < end and process.poll() is None:
                time.sleep(0.1)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    @staticmethod
    def script(path: Path, text: str) -> None:
        path.write_text(text, encoding="ascii")
        path.chmod(0o755)

    def lines(self) -> list[list[float]]:
        return [
            [float(word) for word in line.split()] for line in self.polls.read_text().splitlines()
        ]

    def cpu_and_wall_s(self) -> tuple[float, float]:
        """Of the polls after the first, which is that of submitting; the second comes at once."""
        (first_s, first_ticks), (last_s, last_ticks) = self.lines()[1], self.lines()[-1]
        count = len(self.lines()) - 2
        return (last_ticks - first_ticks) / TICKS_PER_S / count, (last_s - first_s) / count


@pytest.fixture(scope="module")
def watched(programs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    return {count: Watched(programs, folder / str(count), count) for count in (2500, 10_000)}


def test_ten_thousand_jobs_cost_less_than_a_twentieth_of_a_core(watched):
    cpu_s, wall_s = watched[10_000].cpu_and_wall_s()
    assert len(watched[10_000].lines()) >= 4
    assert cpu_s < 0.05 * wall_s  # 0.01 on two busy cores


def test_the_cost_grows_linearly(watched):
    """Four times the jobs cost four times the CPU time; sixteen times would be quadratic."""
    few, many = (watched[count].cpu_and_wall_s()[0] for count in (2500, 10_000))
    assert many < 8 * few + 2 / TICKS_PER_S
