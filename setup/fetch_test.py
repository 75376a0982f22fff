"""Fetching into the cache: from a folder of wheels, so that no network is needed."""

import hashlib
import os
import platform
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


class Fetching:
    """A package `tiny`, the install.sh of an engine that wants it, and a cache."""

    def __init__(self, folder):
        self.folder = folder
        self.cache = folder / "cache" / "dnn-bench"
        self.package = self.cache / "engines" / "tiny" / "1.0"
        self.wheel = self.make_wheel("1.0")
        self.bytes = self.wheel.stat().st_size
        self.sha256 = hashlib.sha256(self.wheel.read_bytes()).hexdigest()

    def make_wheel(self, version):
        path = self.folder / f"tiny-{version}-cp312-cp312-manylinux_2_28_{platform.machine()}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("tiny/lib/libtiny.so", f"library {version}")
            archive.writestr("tiny/tiny.py", "not wanted")
            about = f"tiny-{version}.dist-info"
            archive.writestr(f"{about}/METADATA", f"Name: tiny\nVersion: {version}\n")
            archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\n")
            archive.writestr(f"{about}/RECORD", "")
        return path

    def start(self, keep="tiny/lib/*", sha256=None, architecture=None, path="", version=""):
        architecture = architecture or platform.machine()
        script = self.folder / "install.sh"
        script.write_text(
            f'source "{ROOT}/setup/fetch.sh"\n'
            "into engines/tiny/1.0\n"
            f"wheel {architecture} tiny==1.0 manylinux_2_28_{architecture}"
            f" {self.bytes} {sha256 or self.sha256}\n"
            f"keep '{keep}'\n"
            'fetch_version "$@"\n'
        )
        environment = {
            "PATH": path + os.environ["PATH"],
            "XDG_CACHE_HOME": str(self.cache.parent),
            "HOME": str(self.folder),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder),
        }
        return subprocess.Popen(
            ["bash", script, *version.split()],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, **how):
        process = self.start(**how)
        out, err = process.communicate()
        assert out == ""
        return process.returncode, err

    def files(self):
        """Everything in the cache but the locks and checksums."""
        paths = (path for path in self.cache.rglob("*") if path.is_file())
        ours = ("locks", "checksums")
        return sorted(str(p.relative_to(self.cache)) for p in paths if p.parent.name not in ours)


@pytest.fixture
def fetching(tmp_path):
    return Fetching(tmp_path)


def test_keeps_what_is_wanted_and_says_what_it_fetched(fetching):
    status, err = fetching.run()
    assert status == 0
    assert f"Fetching tiny==1.0, 0.0 MB, into {fetching.package}" in err
    assert fetching.files() == ["engines/tiny/1.0/tiny/lib/libtiny.so"]


def test_each_group_of_wheels_has_its_own_patterns(fetching):
    both = f"*.py'\nwheel riscv64 none==1 any 1 {fetching.sha256}\nkeep 'nothing/of/it"
    assert fetching.run(keep=both)[0] == 0
    assert fetching.files() == ["engines/tiny/1.0/tiny/tiny.py"]


def test_the_second_time_does_nothing(fetching):
    fetching.run()
    fetching.wheel.unlink()
    assert fetching.run() == (0, "")


def test_a_wrong_hash_leaves_nothing_behind(fetching):
    status, err = fetching.run(sha256="0" * 64)
    assert status == 2
    assert "dnnbench: tiny==1.0 could not be downloaded" in err
    assert fetching.files() == []
    assert not fetching.package.exists()


def test_a_pattern_without_files_is_an_error(fetching):
    status, err = fetching.run(keep="tiny/libs/*")
    assert status == 2
    assert "has no file tiny/libs/*" in err
    assert fetching.files() == []


def test_another_version_is_fetched_beside_the_pinned_one(fetching):
    other = fetching.make_wheel("2.0")
    fetching.run(version="1.0")
    status, err = fetching.run(version="2.0")
    assert status == 0
    assert err.startswith("Fetching tiny==2.0, which is not pinned here, into ")
    assert fetching.files() == [
        "engines/tiny/1.0/tiny/lib/libtiny.so",
        "engines/tiny/2.0/tiny/lib/libtiny.so",
        "engines/tiny/2.0/wheel.sha256",
    ]
    library = fetching.cache / "engines/tiny/2.0/tiny/lib/libtiny.so"
    assert library.read_text() == "library 2.0"
    sha256 = hashlib.sha256(other.read_bytes()).hexdigest()
    assert (fetching.cache / "engines/tiny/2.0/wheel.sha256").read_text().split()[0] == sha256
    status, err = fetching.run(version="3.0")
    assert status == 2
    assert err.splitlines()[-1].startswith("dnnbench: tiny==3.0 could not be downloaded")
    assert not (fetching.cache / "engines/tiny/3.0").exists()


def test_another_architecture_goes_on_without(fetching):
    status, err = fetching.run(architecture="riscv64")
    assert status == 0
    assert err.startswith("There is no package of tiny/1.0 for ")
    assert fetching.files() == []


def test_two_at_once_fetch_once(fetching):
    both = [fetching.start(), fetching.start()]
    errors = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("Fetching" in err for err in errors) == 1
    assert fetching.files() == ["engines/tiny/1.0/tiny/lib/libtiny.so"]


def test_an_interrupted_download_leaves_nothing_and_can_be_repeated(fetching):
    slow = fetching.folder / "slow"
    slow.mkdir()
    (slow / "python3").write_text('#!/bin/sh\ncase "$*" in *download*) exec sleep 600 ;; esac\n')
    (slow / "python3").chmod(0o755)
    process = fetching.start(path=f"{slow}:")
    while not list((fetching.cache / "partial").glob("*/requirements.txt")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate()
    assert process.returncode != 0
    assert fetching.files() == []
    assert fetching.run()[0] == 0


def maven_fetching(fetching, sha256=None, **environment):
    """Fetches the wheel's bytes as a Maven package would come."""
    script = fetching.folder / "install.sh"
    script.write_text(
        f'source "{ROOT}/setup/fetch.sh"\n'
        "into engines/tiny/1.0\n"
        f"maven {platform.machine()} org.tiny:tiny:1.0:redist"
        f" {fetching.bytes} {sha256 or fetching.sha256}\n"
        "keep 'tiny/lib/*'\nfetch\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "XDG_CACHE_HOME": str(fetching.cache.parent),
        "HOME": str(fetching.folder),
    } | environment
    return subprocess.run(["bash", script], env=environment, capture_output=True, text=True)


def make_repository(fetching, root):
    folder = root / "org" / "tiny" / "tiny" / "1.0"
    folder.mkdir(parents=True)
    (folder / "tiny-1.0-redist.jar").write_bytes(fetching.wheel.read_bytes())


def test_a_maven_package_comes_from_a_repository_without_java(fetching):
    make_repository(fetching, fetching.folder / "repository")
    address = (fetching.folder / "repository").as_uri()
    done = maven_fetching(fetching, MAVEN_REPOSITORY=address)
    assert done.returncode == 0, done.stderr
    assert "Fetching maven:org.tiny:tiny:1.0:redist, 0.0 MB" in done.stderr
    assert fetching.files() == ["engines/tiny/1.0/tiny/lib/libtiny.so"]


def test_a_maven_package_that_is_there_already_is_used_and_kept(fetching):
    make_repository(fetching, fetching.folder / ".m2" / "repository")
    assert maven_fetching(fetching).returncode == 0
    assert fetching.files() == ["engines/tiny/1.0/tiny/lib/libtiny.so"]
    assert list((fetching.folder / ".m2").rglob("*.jar"))


def test_a_maven_package_with_a_wrong_hash_leaves_nothing_behind(fetching):
    make_repository(fetching, fetching.folder / ".m2" / "repository")
    done = maven_fetching(fetching, sha256="0" * 64)
    assert done.returncode == 2
    assert "doesn't have the expected SHA-256" in done.stderr
    assert fetching.files() == []


@pytest.fixture
def fetched(fetching):
    fetching.run()
    fetching.library = fetching.package / "tiny" / "lib" / "libtiny.so"
    return fetching


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_what_is_damaged_is_fetched_again(fetched, damage):
    if damage == "flipped":
        fetched.library.write_text("librarx 1.0")
    elif damage == "cut":
        fetched.library.write_text("lib")
    else:
        fetched.library.unlink()
    status, err = fetched.run()
    assert status == 0
    assert err.startswith(f"{fetched.package} is damaged; fetching it again\n")
    assert fetched.library.read_text() == "library 1.0"
    assert fetched.run() == (0, "")


def test_what_is_damaged_and_can_not_be_fetched_is_an_error(fetched):
    fetched.library.write_text("librarx 1.0")
    fetched.wheel.unlink()
    status, err = fetched.run()
    assert status == 2
    assert "could not be downloaded" in err


def test_what_is_only_touched_is_not_fetched_again(fetched):
    fetched.wheel.unlink()
    fetched.library.touch()
    assert fetched.run() == (0, "")
    assert fetched.run() == (0, "")


def test_what_is_whole_is_not_damaged_where_that_can_not_be_noted(fetched):
    fetched.library.touch()
    full = fetched.folder / "full"
    full.mkdir()
    (full / "mv").write_text("#!/bin/sh\nexit 1\n")
    (full / "mv").chmod(0o755)
    assert fetched.run(path=f"{full}:") == (0, "")


def test_all_is_hashed_once_a_month(fetched):
    """A bit that flipped by itself: size and time are the same."""
    times = fetched.library.stat()
    fetched.library.write_text("librarx 1.0")
    os.utime(fetched.library, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fetched.run() == (0, "")
    (stamps,) = (fetched.cache / "checksums").glob("*.stamps")
    long_ago = time.time() - 31 * 24 * 3600
    os.utime(stamps, (long_ago, long_ago))
    assert "is damaged" in fetched.run()[1]
    assert fetched.library.read_text() == "library 1.0"


def test_what_an_earlier_version_unpacked_is_taken_as_it_is(fetched):
    for file in (fetched.cache / "checksums").iterdir():
        file.unlink()
    fetched.wheel.unlink()
    assert fetched.run() == (0, "")
    assert len(list((fetched.cache / "checksums").iterdir())) == 2


CUDA = {
    "libcublas.so.13": "4.1.3",
    "libcublasLt.so.13": "4.1.3",
    "libcufft.so.12": "2.0.57",
    "libcurand.so.10": "4.0.35",
    "libnvrtc.so.13": "2.86",
    "libnvJitLink.so.13": "2.86",
    "libcudart.so.13": "2.86",
    "libcudnn.so.9": "26.0",
}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="CUDA is fetched for x86-64 alone")
@pytest.mark.parametrize(
    ("changed", "is_used"),
    [
        ({}, True),
        ({"libcudart.so.13": "10.1"}, True),
        ({"libcudart.so.13": "0.96"}, False),
        ({"libcudnn.so.9": "9.0"}, False),
        ({"libcufft.so.12": None}, False),
    ],
)
def test_the_machines_own_cuda_is_used_where_it_is_new_enough(changed, is_used, tmp_path):
    lines = []
    for library, version in (CUDA | changed).items():
        if version:
            (tmp_path / f"{library}.{version}").touch()
            (tmp_path / library).symlink_to(f"{library}.{version}")
            lines.append(f"\t{library} (libc6,x86-64) => {tmp_path / library}")
    ldconfig = tmp_path / "ldconfig"
    ldconfig.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(lines) + "\nEND\n")
    ldconfig.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PIP_NO_INDEX": "1",
    }
    done = subprocess.run([ROOT / "setup/cuda.sh"], env=environment, capture_output=True, text=True)
    assert ("Using the CUDA and cuDNN that this machine has" in done.stderr) == is_used
    # What is not there is announced with its size before anything is downloaded.
    assert done.stderr.startswith("cuda/13.2.2 is 7 packages, together 1297.") != is_used
    assert (done.returncode == 0) == is_used, done.stderr


def test_what_gpus_need_is_not_fetched_with_the_engines():
    # setup/build_with_engines.sh runs all of these.
    for script in (ROOT / "engines").glob("*/install.sh"):
        text = script.read_text()
        assert "cuda.sh" not in text and "maven" not in text, script
