import errno
import json
import os
import statistics
from pathlib import Path

import jsonschema
import pytest

from read_results import read_results

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLES = REPOSITORY / "tests" / "golden" / "results"
SAMPLE = SAMPLES / "c5a.4xlarge" / "resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
OF_2021 = {
    "model_path": "/root/resnet50v1.onnx",
    "backend": "onnxruntime",
    "backend_meta": "openmp",
    "number": 1,
    "quantize": True,
    "data": [0.02, 0.04, 0.03],
}


def write(folder: Path, name: str, content: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def read_one(folder: Path):
    results, complaints = read_results(folder)
    assert complaints == []
    assert len(results) == 1
    return results[0]


def changed(**keys: object) -> dict:
    return json.loads(SAMPLE.read_text(encoding="utf-8")) | keys


def ours() -> list[Path]:
    return [p for p in sorted(SAMPLES.rglob("*.json")) if b"schema_version" in p.read_bytes()]


def test_the_schema_is_one():
    schema = json.loads((REPOSITORY / "docs" / "results.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)


def complaints_of_schema(result: dict) -> list[str]:
    schema = json.loads((REPOSITORY / "docs" / "results.schema.json").read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(result)
    return [f"{list(error.path)}: {error.message}" for error in errors]


@pytest.mark.parametrize("path", ours(), ids=lambda path: path.stem)
def test_samples_follow_the_schema(path):
    assert complaints_of_schema(json.loads(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "keys",
    [
        {"backend_meta": ""},
        {"backend": "TF Lite"},
        {"data": []},
        {"data": [0.03, 0]},
        {"min": None},
        {"throughput_per_s": None},
        {"latency_s": {}},
        {"latency_s": {"p50": 0.03, "p75": 0.03}},
        {"outcome": "crashed", "reason": "Signal 11."},  # and yet has data
        {"outcome": "hung"},
        {"reason": "all went well"},
        {"in_force": None},
        {"log_path": "/tmp/x.log"},
        {"log_path": "x.json"},
        {"model_sha256": "0" * 63},
        {"started_at": "2026-11-23 21:40:07"},
        {"misspelt": 1},
        {"threads": 0},
    ],
    ids=str,
)
def test_the_schema_refuses(keys):
    assert complaints_of_schema(changed(**keys)) != []


def test_the_schema_wants_every_key():
    for key in changed():
        without = changed()
        del without[key]
        assert complaints_of_schema(without) != [], key


def test_the_format_s_page_names_every_key():
    page = (REPOSITORY / "docs" / "results-format.md").read_text(encoding="utf-8")
    result = changed()
    keys = [*result, *(f"environment.{key}" for key in result["environment"])]
    for key in [*keys, *result["verification"], *(f"in_force.{key}" for key in result["in_force"])]:
        assert f"`{key}`" in page, key


def test_reads_ours(tmp_path):
    write(tmp_path, "a.json", changed(instance="m7i.large", data=[0.02, 0.04, 0.03]))
    result = read_one(tmp_path)
    assert (result.model, result.instance) == ("resnet50-v1-7.onnx", "m7i.large")
    assert (result.engine, result.version, result.backend_meta) == ("OpenVINO", "2026.4.1", "cpu")
    assert result.ranked and not result.of_2021
    assert result.throughput == pytest.approx(1 / 0.03)


def test_stored_throughput_is_ours():
    for path in ours():
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["data"]:
            expected = raw["number"] / statistics.median(raw["data"])
            assert raw["throughput_per_s"] == pytest.approx(expected)


def test_reads_2021(tmp_path):
    write(tmp_path / "c5a.4xlarge", "resnet50v1-quant=0-onnxruntime-openmp.json", OF_2021)
    result = read_one(tmp_path)
    assert (result.model, result.instance) == ("resnet50v1.onnx", "c5a.4xlarge")
    assert result.measured and not result.ranked
    assert result.verdict_reason == "The 2021 tool did not compare outputs."
    assert not result.quantized  # whatever the file says


def test_the_file_name_of_2021_states_quantisation(tmp_path):
    write(tmp_path, "resnet50v1-quant=1-onnxruntime-openmp.json", OF_2021)
    assert read_one(tmp_path).quantized


def test_the_folder_s_name_is_the_instance_in_the_current_directory_too(tmp_path, monkeypatch):
    write(tmp_path / "g4dn.xlarge", "a.json", OF_2021)
    monkeypatch.chdir(tmp_path / "g4dn.xlarge")
    assert read_one(Path(".")).instance == "g4dn.xlarge"


def test_each_datum_covers_number_inferences(tmp_path):
    write(tmp_path, "a.json", OF_2021 | {"number": 10})
    assert read_one(tmp_path).throughput == pytest.approx(10 / 0.03)


def test_the_range_leaves_out_a_twentieth_at_each_end(tmp_path):
    write(tmp_path, "a.json", OF_2021 | {"data": [1.0] * 38 + [0.001, 1000.0]})
    assert read_one(tmp_path).throughput_range == (1.0, 1.0)
    write(tmp_path, "a.json", OF_2021 | {"data": [1.0] * 17 + [0.5, 2.0]})
    assert read_one(tmp_path).throughput_range == (0.5, 2.0)


PUBLISHED = {
    "model_path": "resnet50v1.onnx",
    "backend": "onnxruntime",
    "backend_meta": "openmp",
    "data": [],
    "outcome": "ok",
    "instance": "c5a.large",
}
FIGURE = {"throughput_per_s": 72.66, "plus_minus_per_s": 0.28, "bound": None, "note": "Read."}


def test_reads_a_published_figure(tmp_path):
    write(tmp_path, "a.json", PUBLISHED | {"published": FIGURE})
    result = read_one(tmp_path)
    assert result.measured and not result.ranked and result.times_s == []
    assert result.throughput == 72.66
    assert result.throughput_range == pytest.approx((72.38, 72.94))


@pytest.mark.parametrize(
    ("bound", "words"), [("at_least", "at least 10/s"), ("below", "below 10/s")]
)
def test_a_published_bound_is_words_and_no_figure(tmp_path, bound, words):
    figure = FIGURE | {"throughput_per_s": 10.0, "plus_minus_per_s": None, "bound": bound}
    write(tmp_path, "a.json", PUBLISHED | {"published": figure})
    result = read_one(tmp_path)
    assert result.statement == words and not result.measured


@pytest.mark.parametrize(
    "wrong",
    [
        {"throughput_per_s": None},
        {"throughput_per_s": -1},
        {"bound": "about"},
        {"plus_minus_per_s": "1"},
    ],
)
def test_a_published_figure_that_is_none(tmp_path, wrong):
    write(tmp_path, "a.json", PUBLISHED | {"published": FIGURE | wrong})
    results, [complaint] = read_results(tmp_path)
    assert results == [] and '"published"' in complaint


def test_the_mode(tmp_path):
    write(tmp_path, "a.json", changed(mode="load", throughput_per_s=12.5))
    result = read_one(tmp_path)
    assert (result.mode, result.throughput, result.throughput_range) == ("load", 12.5, (12.5, 12.5))


def test_an_explicit_null_is_a_missing_key(tmp_path):
    """As src/results/stored_result.cpp reads it."""
    keys = ("mode", "outcome", "number", "batch", "schema_version", "published", "instance")
    write(tmp_path / "box", "a.json", changed(**dict.fromkeys(keys)))
    result = read_one(tmp_path)
    assert (result.mode, result.outcome, result.instance) == ("latency", "ok", "box")
    assert result.of_2021 and result.measured and result.verdict == "unverified"


def test_only_a_file_without_a_version_is_a_published_figure(tmp_path):
    write(tmp_path, "a.json", changed(published=FIGURE))
    result = read_one(tmp_path)
    assert result.published is None and result.ranked


@pytest.mark.parametrize("outcome", ["unsupported", "failed", "crashed", "timed_out"])
def test_other_outcomes_have_no_number(tmp_path, outcome):
    write(tmp_path, "a.json", changed(outcome=outcome, reason="Why.", data=[]))
    result = read_one(tmp_path)
    assert (result.measured, result.outcome, result.reason) == (False, outcome, "Why.")


def test_an_ok_outcome_with_a_wrong_verdict_has_no_number(tmp_path):
    write(tmp_path, "a.json", changed(verification={"verdict": "wrong", "reason": "Why."}))
    assert not read_one(tmp_path).measured


BROKEN = {
    "empty": ("", "broken JSON"),
    "half": (SAMPLE.read_text(encoding="utf-8")[:700], "broken JSON"),
    "deep": ("[" * 200_000, "nested too deeply"),
    "list": ([1, 2], "not a JSON object"),
    "foreign": ({"name": "package", "version": "1"}, 'no text under "model_path"'),
    "model is a number": (OF_2021 | {"model_path": 1}, 'no text under "model_path"'),
    "no backend": (OF_2021 | {"backend": ""}, 'no text under "backend"'),
    "no data": (OF_2021 | {"data": []}, 'no measurements under "data"'),
    "data is null": (OF_2021 | {"data": None}, 'no measurements under "data"'),
    "a time of 0": (OF_2021 | {"data": [1, 0]}, "0, not a time"),
    "a negative time": (OF_2021 | {"data": [-1]}, "-1, not a time"),
    "NaN": (OF_2021 | {"data": [float("nan")]}, "NaN, not a time"),
    "NaN among times": (OF_2021 | {"data": [0.1, float("nan"), 0.2]}, "NaN, not a time"),
    "infinite": (OF_2021 | {"data": [float("inf")]}, "Infinity, not a time"),
    "text": (OF_2021 | {"data": ["fast" * 50]}, "not a time"),
    "true": (OF_2021 | {"data": [True]}, "true, not a time"),
    "huge": (OF_2021 | {"data": [10**400]}, "not a time"),
    "number 0": (OF_2021 | {"number": 0}, '"number" is 0'),
    "later version": (changed(schema_version=2), "schema_version is 2"),
    "odd outcome": (changed(outcome=["ok"]), "its outcome"),
    "no verdict": (changed(verification=None), "no verdict"),
    "odd mode": (changed(mode="x"), 'its mode "x"'),
    "mode is a list": (changed(mode=["load"]), "its mode"),
    "endless name": (OF_2021 | {"model_path": "a" * 100_000}, "more than 4096 bytes"),
    "number 1e400": (OF_2021 | {"number": float("inf")}, '"number" is Infinity'),
    "number of 400 digits": (OF_2021 | {"number": 10**400}, "from 1 to 1000000000000"),
    "batch of 400 digits": (OF_2021 | {"batch": 10**400}, '"batch" is 1000'),
    "batch is text": (OF_2021 | {"batch": "4"}, '"batch" is "4", not a whole number'),
    "no process": (changed(mode="throughput", streams=0), '"streams" is 0'),
}


@pytest.mark.parametrize("name", BROKEN)
def test_skips_with_one_sentence(tmp_path, name):
    content, expected = BROKEN[name]
    path = write(tmp_path, "broken.json", content)
    write(tmp_path, "good.json", OF_2021)
    results, complaints = read_results(tmp_path)
    assert len(results) == 1
    assert len(complaints) == 1
    assert complaints[0].startswith(f"skipped {path}: ")
    assert expected in complaints[0]
    assert "\n" not in complaints[0] and len(complaints[0]) < len(str(path)) + 150


def test_what_can_not_be_shown_becomes_a_space(tmp_path):
    reason = "\x1b[31mred\x1b[0m \u202egnp.exe\u009b"
    write(tmp_path, "a.json", changed(outcome="crashed", reason=reason, data=[]))
    (tmp_path / "half.json").write_text(
        json.dumps(OF_2021 | {"backend_meta": "cpu\ud800"}), encoding="ascii"
    )
    results, complaints = read_results(tmp_path)
    texts = [results[0].reason, results[1].backend_meta]
    assert complaints == []
    assert texts == [" [31mred [0m  gnp.exe ", "cpu "]


def test_an_endless_file_is_not_read(tmp_path):
    with (tmp_path / "sparse.json").open("wb") as file:
        file.truncate(200_000_000_000)
    _, complaints = read_results(tmp_path)
    assert [complaint.rsplit(": ", 1)[1] for complaint in complaints] == [
        "it is larger than 512 MB"
    ]


def test_skips_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "latin1.json").write_bytes(b'{"model_path": "\xe9"}')
    (tmp_path / "folder.json").mkdir()
    _, complaints = read_results(tmp_path)
    ends = [complaint.rsplit(": ", 1)[1] for complaint in complaints]
    assert ends == ["it is not a regular file", "it is not UTF-8 text", "it is not a regular file"]


def test_other_files_are_not_mentioned(tmp_path):
    write(tmp_path, "a.log", "the engine's words")
    assert read_results(tmp_path) == ([], [])


def test_a_folder_that_can_t_be_read_is_named(tmp_path, monkeypatch):
    write(tmp_path, "a.json", OF_2021)
    write(tmp_path / "locked", "b.json", OF_2021)
    scandir = os.scandir

    def scan(path: object):
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    results, complaints = read_results(tmp_path)
    assert len(results) == 1
    assert complaints == [f"skipped {tmp_path}/locked: it can't be read: Permission denied"]


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_results(tmp_path / "nowhere")


def read_as_in_2021(folder: Path) -> dict:
    """What the plotting script of 2021 does with a folder, in this project's words.

    From https://github.com/Talmaj/DNN-bench, vis/plot_results.py: every **/*.json; a picture for
    each pair of model (after the path's last slash) and folder's name; a place for each
    backend and meta; the mean of 1/t as its bar, which is missing where there is no time.
    """
    pictures: dict = {}
    for path in folder.glob("**/*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        picture = pictures.setdefault((result["model_path"].split("/")[-1], path.parent.name), {})
        place = result["backend"] + "\n" + result["backend_meta"]
        assert place not in picture or "schema_version" not in result
        speeds = [1 / time for time in result["data"]]
        picture[place] = statistics.fmean(speeds) if speeds else None
    return pictures


def test_the_plotting_script_of_2021_can_draw_our_folder():
    pictures = read_as_in_2021(SAMPLES)
    picture = pictures["resnet50-v1-7.onnx", "c5a.4xlarge"]
    assert sorted(place for place, bar in picture.items() if bar is None) == [
        "fake\nwrong",
        "pytorch\nlibtorch",
        "tensorrt\ntensorrt",
        "tf\nlibtensorflow",
    ]
    results, _ = read_results(SAMPLES)
    for result in results:
        if result.model == "resnet50-v1-7.onnx" and result.measured:
            bar = picture[f"{result.backend}\n{result.backend_meta}"]
            assert bar == pytest.approx(result.throughput, rel=0.02)
