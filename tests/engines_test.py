"""dnnbench engines: what is installed, and removing it, in a cache of the test's own."""

import hashlib
import os

import pytest

from processes import installed_engines


@pytest.fixture
def cache(tmp_path):
    """Two engines: 3,000 bytes of one that this build does not have, and some of OpenVINO."""
    for name, size in (("dnnbench-test-engine/1.2", 3000), ("openvino/2000.1", 2_500_000)):
        folder = tmp_path / "dnn-bench" / "engines" / name / "lib"
        folder.mkdir(parents=True)
        (folder / "library.so").write_bytes(bytes(size))
    return tmp_path


@pytest.fixture
def engines(dnnbench, cache):
    return lambda *flags: dnnbench("engines", *flags, env=os.environ | {"XDG_CACHE_HOME": cache})


def rows(listing: str) -> dict[str, list[str]]:
    """Under the engine's name: size, its unit, version."""
    return {line.split()[0]: line.split(maxsplit=3)[1:] for line in listing.splitlines()[1:]}


def test_engines_are_listed_with_size_and_version(engines, cache, has_openvino):
    installed = installed_engines() / "onnxruntime"
    (cache / "dnn-bench" / "engines" / "onnxruntime").symlink_to(installed)
    done = engines()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].split() == ["engine", "size", "version"]
    listed = rows(done.stdout)
    assert listed["dnnbench-test-engine"][:2] == ["3.00", "kB"]
    assert listed["dnnbench-test-engine"][2] == "-"
    assert "\ndnnbench-test-engine: not an engine in this build: " in done.stdout
    assert listed["openvino"][:2] == ["2.50", "MB"]
    if has_openvino:
        assert listed["openvino"][2].startswith("20")
    assert listed["onnxruntime"][2].startswith("1.")
    assert "fake" not in listed


def test_an_engine_is_removed(engines, cache):
    done = engines("--remove=dnnbench-test-engine")
    assert (done.returncode, done.stdout) == (0, "")
    folder = cache / "dnn-bench" / "engines"
    assert done.stderr == (
        f"Removed dnnbench-test-engine (3.00 kB) from {folder}/dnnbench-test-engine\n"
    )
    assert [entry.name for entry in folder.iterdir()] == ["openvino"]
    assert "dnnbench-test-engine" not in engines().stdout


@pytest.mark.parametrize("name", ["nonesuch", "..", ".", "../engines", "openvino/2000.1", "/"])
def test_what_is_no_installed_engine_is_not_removed(engines, cache, name):
    done = engines(f"--remove={name}")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert name in done.stderr
    assert len(list(cache.rglob("library.so"))) == 2


def test_an_empty_cache_is_not_an_error(dnnbench, tmp_path):
    done = dnnbench("engines", env=os.environ | {"XDG_CACHE_HOME": tmp_path / "none"})
    assert done.returncode == 0
    assert "onnxruntime" in rows(done.stdout)


def test_damaged_files_are_named(engines, cache):
    folder = cache / "dnn-bench"
    checksums = folder / "checksums"
    checksums.mkdir()
    for name, size in (("dnnbench-test-engine-1.2", 3000), ("openvino-2000.1", 2_500_000)):
        sha256 = hashlib.sha256(bytes(size)).hexdigest()
        (checksums / f"engines-{name}.sha256").write_text(f"{sha256}  ./lib/library.so\n")
    done = engines("--verify")
    assert done.returncode == 0
    assert done.stdout == (
        "engines-dnnbench-test-engine-1.2: 1 file as installed\n"
        "engines-openvino-2000.1: 1 file as installed\n"
    )
    library = folder / "engines" / "openvino" / "2000.1" / "lib" / "library.so"
    with library.open("r+b") as file:  # one bit, neither size nor time
        file.seek(1_000_000)
        file.write(b"\x01")
    done = engines("--verify")
    assert done.returncode == 1
    assert "engines-openvino-2000.1: 1 of 1 file damaged" in done.stdout
    assert f"  {library}\n" in done.stdout
