"""What set-up asks the system to install, with the machine and apt played by functions."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def require(groups, machine):
    """`machine` is bash that replaces functions of packages.sh; apt prints what it is asked."""
    script = f"""
        source "{ROOT}/setup/lib.sh"
        source "{ROOT}/setup/packages.sh"
        has_command() {{ true; }}
        has_header() {{ true; }}
        compiles() {{ true; }}
        note_missing_pip() {{ :; }}
        as_root() {{ echo "$*" >&2; }}
        {machine}
        require {groups}
    """
    return subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        env={"HOME": "/", "PATH": "/usr/bin:/bin"},
    )


def test_a_complete_machine_is_left_alone():
    done = require("toolchain pip", "as_root() { exit 9; }")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_only_what_is_missing_is_installed_in_one_go():
    done = require(
        "toolchain pip",
        "has_command() { [[ $1 != cmake ]]; }; has_header() { [[ $1 != fmt/* ]]; }"
        '; note_missing_pip() { missing+=(python3-pip); }; run_apt() { echo "$@" >&2; }',
    )
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == (
        "Installing with apt what this machine lacks: cmake libfmt-dev python3-pip"
    )
    (install,) = (
        line for line in done.stderr.splitlines() if "install" in line and "--yes" in line
    )
    assert install.endswith("--yes cmake libfmt-dev python3-pip")


def test_without_apt_one_sentence_names_the_packages():
    done = require("toolchain", "has_command() { [[ $1 != apt-get && $1 != ninja ]]; }")
    assert done.returncode == 2
    assert done.stderr == "dnnbench: install what Debian calls ninja-build, and try again\n"


def test_when_apt_fails_its_reason_comes_first():
    done = require(
        "toolchain",
        "has_command() { [[ $1 != cmake ]]; }; as_root() { echo 'E: no space' >&2; return 100; }",
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[1:] == [
        "E: no space",
        "dnnbench: apt could not install cmake (its reason is above);"
        " an administrator can: apt-get install cmake",
    ]


def test_headers_are_found_where_a_cluster_keeps_them(tmp_path):
    (tmp_path / "include" / "fmt").mkdir(parents=True)
    (tmp_path / "include" / "fmt" / "only_here.h").touch()
    source = f'source "{ROOT}/setup/lib.sh"; source "{ROOT}/setup/packages.sh"; '
    environment = {"HOME": "/", "PATH": "/usr/bin:/bin"}

    def has(**more):
        command = ["bash", "-c", source + "has_header fmt/only_here.h"]
        return subprocess.run(command, env=environment | more).returncode == 0

    assert not has()
    assert has(CMAKE_PREFIX_PATH=f"/nowhere:{tmp_path}")
    assert has(CONDA_PREFIX=str(tmp_path))


def test_the_front_door_and_the_program_need_the_same_driver():
    probe = (ROOT / "src" / "gpu" / "probe.h").read_text()
    front_door = (ROOT / "dnnbench").read_text()
    (program,) = re.findall(r"kMinCuda = (\d+);", probe)
    assert re.findall(r"found\.value >= (\d{4,})", front_door) == [program]
