"""A real Slurm cluster on this machine for tests: a controller and several nodes with machine types
as features, all in a folder, without systemd. Needs root, as slurmd does to start jobs."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = (
    *("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scontrol", "scancel", "srun"),
    "unshare",
)
HOW_LONG_S = 120  # for the cluster to come up, or to notice what was done to it
FOUND = {
    name: shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin") for name in PROGRAMS
}


def why_not() -> str:
    """Why no cluster can be started here; "" where one can."""
    missing = [name for name, path in FOUND.items() if not path]
    if missing:
        return f"needs {', '.join(missing)} (Debian: slurmctld slurmd slurm-client munge)"
    return "" if os.geteuid() == 0 else "needs root"


class Cluster:
    """with Cluster(folder, {"c5a.large": 1, "c6g.medium": 2}) as cluster: nodes of each type."""

    def __init__(self, folder: Path, types: dict[str, int]):
        self.folder = folder
        self.types = types
        self.ports = iter(free_ports(1 + sum(types.values())))
        self.nodes: dict[str, list[str]] = {}
        self.environment = dict(os.environ, SLURM_CONF=str(folder / "slurm.conf"))

    def __enter__(self) -> "Cluster":
        for name in ("state", "log", "run", "spool"):
            (self.folder / name).mkdir(parents=True)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.write_configuration()
        self.start_munge()
        self.start_controller("-c")
        for name in self.all_nodes():
            self.start_node(name)
        self.wait_until(lambda: self.states() == {name: "IDLE" for name in self.all_nodes()})
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.all_nodes():
            self.stop(f"slurmd.{name}")
        self.stop("slurmctld")
        self.stop("munged")

    def all_nodes(self) -> list[str]:
        return [name for names in self.nodes.values() for name in names]

    def write_configuration(self) -> None:
        host = socket.gethostname().split(".")[0]
        f = self.folder
        lines = [
            "ClusterName=dnnbench",
            f"SlurmctldHost={host}(127.0.0.1)",
            f"SlurmctldPort={next(self.ports)}",
            "SlurmUser=root",
            "SlurmdUser=root",
            "AuthType=auth/munge",
            # With the default a job that is queued again waits for about two minutes.
            f"AuthInfo=socket={f}/run/munge.sock,cred_expire=5",
            "CredType=cred/munge",
            f"StateSaveLocation={f}/state",
            f"SlurmdSpoolDir={f}/spool/%n",
            f"SlurmctldPidFile={f}/run/slurmctld.pid",
            f"SlurmdPidFile={f}/run/slurmd.%n.pid",
            f"SlurmctldLogFile={f}/log/slurmctld.log",
            f"SlurmdLogFile={f}/log/slurmd.%n.log",
            "ProctrackType=proctrack/linuxproc",
            "TaskPlugin=task/none",
            "AccountingStorageType=accounting_storage/none",
            "SelectType=select/cons_tres",
            "SelectTypeParameters=CR_CPU",
            "SwitchType=switch/none",
            "MpiDefault=none",
            "ReturnToService=2",
            "SlurmdTimeout=10",
            "SlurmctldTimeout=10",
            "KillWait=5",
            "JobRequeue=1",
            "PreemptType=preempt/partition_prio",
            "PreemptMode=REQUEUE",
            "SchedulerParameters=sched_interval=2,bf_interval=2",
            "SlurmdParameters=config_overrides",
            "PropagateResourceLimits=NONE",
        ]
        for instance, count in self.types.items():
            names = [f"{instance.replace('.', '-')}-{i}" for i in range(count)]
            self.nodes[instance] = names
            lines += [
                f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={next(self.ports)} "
                f"CPUs=1 RealMemory=2000 Feature={instance} State=UNKNOWN"
                for name in names
            ]
        common = "Nodes=ALL OverSubscribe=EXCLUSIVE State=UP"
        lines.append(f"PartitionName=bench Default=YES {common}")
        lines.append(f"PartitionName=urgent PriorityTier=10 {common}")
        (f / "slurm.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start_munge(self) -> None:
        f = self.folder
        self.run(
            "munged",
            f"--key-file={f}/munge.key",
            f"--socket={f}/run/munge.sock",
            f"--pid-file={f}/run/munged.pid",
            f"--log-file={f}/log/munged.log",
            f"--seed-file={f}/state/munge.seed",
            "--num-threads=2",
            "--force",
        )

    def start_controller(self, *flags: str) -> None:
        self.run("slurmctld", *flags, "-f", str(self.folder / "slurm.conf"))

    def start_node(self, name: str, hidden: Path | None = None) -> None:
        """`hidden`: a folder that it doesn't share with this machine."""
        command = ["-f", str(self.folder / "slurm.conf"), "-N", name]
        if hidden is None:
            self.run("slurmd", *command)
            return
        hide = 'mount -t tmpfs none "$0" && exec "$@"'
        self.run("unshare", "--mount", "sh", "-c", hide, hidden, FOUND["slurmd"], *command)

    def stop(self, daemon: str, signal_number: int = signal.SIGTERM) -> None:
        """Ends a daemon by its pid file, and waits for it."""
        path = self.folder / "run" / f"{daemon}.pid"
        if not path.exists():
            return
        pid = int(path.read_text(encoding="ascii"))
        try:
            os.kill(pid, signal_number)
            self.wait_until(lambda: not Path(f"/proc/{pid}").exists())
        except ProcessLookupError:
            pass
        path.unlink(missing_ok=True)

    def kill_node(self, name: str) -> None:
        """As if its machine were gone: the daemon, the jobs that it started and what watches them."""
        jobs = {pid for pid in pids() if f"SLURMD_NODENAME={name}\0" in read(pid, "environ")}
        watchers = {parent for pid in jobs if (parent := parent_of(pid)) not in jobs}
        self.stop(f"slurmd.{name}", signal.SIGKILL)
        for pid in watchers | jobs:
            if pid > 1:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    def run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [FOUND[program], *arguments],
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=HOW_LONG_S,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"
        return done.stdout

    def states(self) -> dict[str, str]:
        lines = self.run("scontrol", "--oneliner", "show", "nodes").splitlines()
        fields = [
            dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines
        ]
        return {one["NodeName"]: one["State"] for one in fields if "NodeName" in one}

    def field(self, job: str, name: str) -> str:
        """Of what Slurm knows of a job: field("7", "NodeList")."""
        words = self.run("scontrol", "--oneliner", "show", "job", job).split()
        return next(word.partition("=")[2] for word in words if word.startswith(f"{name}="))

    def jobs(self) -> list[str]:
        """Those that wait or run."""
        return self.run("squeue", "--noheader", "--format=%i").split()

    def wait_until(self, holds) -> None:
        end = time.monotonic() + HOW_LONG_S
        while not holds():
            assert time.monotonic() < end, (self.folder / "log").as_posix()
            time.sleep(0.1)


def pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def read(pid: int, name: str) -> str:
    """A file of /proc; "" where the process has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def parent_of(pid: int) -> int:
    fields = read(pid, "stat").rpartition(")")[2].split()
    return int(fields[1]) if fields else 0


def free_ports(count: int) -> list[int]:
    """Below those that the kernel gives to connections, which could take one before it is used."""
    found = []
    for port in random.sample(range(20_000, 32_000), 1000):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")
