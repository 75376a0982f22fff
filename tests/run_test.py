"""dnnbench run: what it prints, what it writes, and how its flags act."""

import hashlib
import json
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess
from pathlib import Path

import pytest

import tiny_models


def test_a_run_prints_a_table_and_a_sentence(bench, convolution):
    flags = ["--onnxruntime", "--fake=slow", "--instance=c9.large", "--budget=8"]
    run = bench(convolution, *flags, quick=False)
    assert run.code == 0
    assert run.stderr == f"Results are in {run.output}\n"
    lines = run.stdout.splitlines()
    assert lines[0].startswith("tiny on c9.large: ")
    assert lines[0].endswith(", f32, inputs x[1,3,8,8]")
    assert lines[2] == ""
    assert lines[3].split("  ")[0] == "engine"
    assert {row[0] for row in run.rows()[:2]} == {"onnxruntime", "fake-slow"}
    assert run.verdict("onnxruntime") == "ok"
    if run.disturbed:
        assert run.answer.startswith("The machine was busy: ")
    else:
        assert run.rows()[0][0] == "onnxruntime"
        assert run.answer.startswith("onnxruntime is fastest: fake-slow takes ")
        sure = r" times as long \(confidence >= [0-9.]+ %\); outputs agree within "
        assert re.search(sure, run.answer)
    assert "\x1b" not in run.stdout


def test_a_folder_for_temporary_files_that_is_not_there_ends_nothing(bench, convolution, tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path / "missing")}
    run = bench(convolution, "--fake=ok", env=environment)
    assert (run.code, run.only_result()["outcome"]) == (0, "ok"), run.stderr


def test_little_shared_memory_is_no_limit_for_inputs(bench, tmp_path):
    """Containers have 64 MB unless told otherwise; here 1 MB against inputs of 4 MB."""
    mount = 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"'
    small = ("unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    if subprocess.run([*small, "true"], capture_output=True).returncode:
        pytest.skip("mounts of its own are not allowed here")
    node = tiny_models.helper.make_node("Relu", ["x"], ["y"])
    ends = [tiny_models.tensor(name, [1, 1_000_000]) for name in "xy"]
    model = tiny_models.model_of([node], ends[:1], ends[1:])
    path = tiny_models.save(model, tmp_path / "large.onnx")
    run = bench(path, "--fake=ok", prefix=small)
    assert (run.code, run.only_result()["outcome"]) == (0, "ok"), run.stderr


def test_the_result_states_what_was_run(bench, convolution):
    run = bench(convolution, "--onnxruntime")
    assert run.files() == ["tiny-quant=0-cpu-onnxruntime-cpu.json"]
    result = run.only_result()
    content = convolution.read_bytes()
    assert result["model_path"] == str(convolution)
    assert result["model_sha256"] == hashlib.sha256(content).hexdigest()
    assert result["size"] == len(content)
    assert result["input_size"] == [[1, 3, 8, 8]]
    assert result["input_shapes"] == {"x": [1, 3, 8, 8]}
    assert result["quantize"] is False
    assert result["seed"] == 0
    assert result["log_path"] is None  # it said nothing
    assert result["in_force"]["precision"] == "f32"
    assert result["in_force"]["threads"] == result["threads"]
    assert result["verification"]["verdict"] == "ok"
    assert result["peak_rss_bytes"] > 1_000_000


def test_the_statistics_are_those_of_the_data(bench, convolution):
    run = bench(
        convolution, "--fake=ok,duration_s=0.0002", "--repeat=64", "--number=2", quick=False
    )
    result = run.only_result()
    data = result["data"]
    assert len(data) == 64
    assert result["min"] == min(data)
    assert result["max"] == max(data)
    assert result["mean"] == pytest.approx(statistics.fmean(data))
    assert result["std"] == pytest.approx(statistics.pstdev(data))
    assert result["latency_s"].keys() == {"p50", "p90"}
    assert result["latency_s"]["p50"] == pytest.approx(statistics.median(data) / 2)
    assert result["latency_s"]["p90"] == pytest.approx(sorted(data)[57] / 2)
    assert result["throughput_per_s"] == pytest.approx(2 / statistics.median(data))


def test_times_are_of_the_inferences(bench, convolution):
    """By the ratio of two engines that burn a given time: the load of the machine cancels out of
    the smallest of many."""
    once, twice, ten = "ok,duration_s=0.002", "ok,duration_s=0.004", "--number=10"
    flags = [f"--fake={once}", f"--fake={twice}", "--warmup=0"]
    results = bench(convolution, *flags, "--repeat=60", quick=False).results
    short = results["fake-ok_duration_s=0.002"]
    long = results["fake-ok_duration_s=0.004"]
    assert short["min"] >= 0.002
    assert long["min"] / short["min"] == pytest.approx(2, rel=0.05)
    results = bench(convolution, *flags, "--repeat=8", ten, quick=False).results
    short = results["fake-ok_duration_s=0.002-number=10"]
    assert short["min"] >= 0.02
    assert short["latency_s"]["p50"] == pytest.approx(statistics.median(short["data"]) / 10)


@pytest.mark.parametrize(
    "repeat, number, warmup", [(14, 1, 0), (40, 1, 3), (7, 2, 0), (1, 1, 0), (1, 17, 2), (5, 3, 1)]
)
def test_the_counts_are_exact(bench, convolution, repeat, number, warmup):
    """This part writes 4096 bytes a call. Two calls of each start are for the verification."""
    flags = [f"--repeat={repeat}", f"--number={number}", f"--warmup={warmup}"]
    for _ in range(5):
        run = bench(convolution, "--fake=noisy,duration_s=0.002", *flags, quick=False)
        result = run.only_result()
        assert (result["repeat"], result["number"], result["warmup"]) == (repeat, number, warmup)
        assert len(result["data"]) == len(result["start_s"]) == len(result["block"]) == repeat
        assert result["stopped"] == "repeat"
        assert result["dropped"] >= len(set(result["block"]))
        calls = run.log(result).count(b"#") / 4096
        expected = 2 * len(result["starts"]) + (warmup + result["dropped"] + repeat) * number
        assert calls >= expected
        # More are those of blocks that were measured again, and of a short turn in which the engine
        # waited, which computes on until it can be judged.
        if calls == expected or result["noise"]["blocks_disturbed"] > 0:
            return
    pytest.fail("there were more calls than are counted, five times")


def test_a_budget_decides_without_repeat(bench, convolution):
    run = bench(convolution, "--fake=ok,duration_s=0.001", "--budget=0.1", quick=False)
    result = run.only_result()
    assert result["repeat"] is None
    assert result["warmup"] >= 3
    assert result["stopped"] == "budget"
    assert sum(result["data"]) >= 0.099  # the reading of the clock between two is in none of them
    assert len(result["data"]) <= 160


def test_values_may_follow_a_space(bench, convolution):
    flags = (
        "--fake ok --repeat 4 --warmup 1 --number 2 --threads 1 --seed 5 --instance here".split()
    )
    result = bench(convolution, *flags, quick=False).only_result()
    assert (len(result["data"]), result["warmup"], result["number"]) == (4, 1, 2)
    assert (result["threads"], result["seed"], result["instance"]) == (1, 5, "here")
    assert result["backend_meta"] == "ok-threads=1-number=2-seed=5"


@pytest.mark.parametrize(
    "flags, sentence",
    [
        ("--onnxruntim", "unknown flag --onnxruntim; did you mean --onnxruntime?"),
        ("--opnevino", "did you mean --openvino?"),
        ("--repaet=3", "unknown flag --repaet; did you mean --repeat?"),
        ("--frobnicate", "unknown flag --frobnicate; see --help"),
        ("-n 3", "unknown flag -n"),
        ("--repeat=0", "--repeat"),
        ("--repeat=ten", "--repeat"),
        ("--repeat", "--repeat"),
        ("--number=0", "--number"),
        ("--warmup=-1", "--warmup"),
        ("--budget=0", "--budget"),
        ("--confidence=1", "--confidence"),
        ("--precision-target=0", "--precision-target"),
        ("--timeout=never", "--timeout"),
        ("--threads=0", "--threads"),
        ("--device=tpu", "tpu"),
        ("--precision=f8", "f8"),
        ("--seed=9007199254740992", "--seed"),
        ("--variants=int4", "--variants: 'int4' is not one of f32, bf16, f16, int8, int8-dynamic"),
        ("--quantize --precision=bf16", "--precision and --variants exclude each other"),
        ("--quantize --max-error=0.1", "--max-error needs --calibration=FOLDER"),
        ("--max-error=0.1", "--max-error needs --variants"),
        ("--shape=x", "--shape must look like images=1,3,320,320, not 'x'"),
        ("--shape=x=1,a", "--shape must look like images=1,3,320,320, not 'x=1,a'"),
        ("--shape=x=1,,2", "--shape must look like images=1,3,320,320, not 'x=1,,2'"),
        ("--input=x", "--input must look like NAME=VALUE, not 'x'"),
        ("--test-data=/no/such/folder", "--test-data"),
    ],
)
def test_wrong_usage_is_one_sentence(bench, convolution, flags, sentence):
    run = bench(convolution, *flags.split(), quick=False)
    assert run.code == 2
    assert sentence in run.stderr
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""
    assert not run.output.exists()


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ([], "no subcommand given"),
        (["rnu"], "there is no subcommand rnu; did you mean run?"),
        (["run"], "no MODEL given"),
        (["run", "resnet50-v1-8"], "did you mean resnet50-v1-7?"),
        (
            ["run", "no-such-model.onnx"],
            "there is no file no-such-model.onnx, and no model has that",
        ),
        (["inspect"], "no MODEL given"),
        (["inspect", "--jsno"], "did you mean --json?"),
        (["engines", "extra"], "unexpected argument extra"),
    ],
)
def test_wrong_subcommands_are_one_sentence(dnnbench, arguments, sentence):
    done = dnnbench(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("subcommand", ["run", "inspect", "engines", "compare", None])
def test_help_goes_to_stdout(dnnbench, subcommand):
    done = dnnbench(*filter(None, [subcommand]), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: ")


def test_engines_not_built_are_unsupported_and_the_others_run(programs, convolution, tmp_path):
    for name in ("dnnbench", "dnnbench-engine-onnxruntime", "dnnbench-engine-fake"):
        shutil.copy2(programs / name, tmp_path / name)
    flags = ["--onnxruntime", "--fake=ok", "--pytorch", "--tf", "--tvm"]
    flags += ["--repeat=3", "--warmup=0", f"--output={tmp_path}/results"]
    command = [tmp_path / "dnnbench", "run", convolution, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1
    found = [json.loads(path.read_text()) for path in (tmp_path / "results").glob("*.json")]
    results = {result["backend"]: result for result in found}
    assert results.pop("onnxruntime")["outcome"] == "ok"
    assert results.pop("fake")["outcome"] == "ok"
    assert results.keys() == {"pytorch", "tf", "tvm"}
    for result in results.values():
        assert result["outcome"] == "unsupported"
        assert "this build of dnnbench has no engine" in result["reason"]
        assert result["log_path"] is None
        assert f"{result['backend']}: unsupported: {result['reason']}" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    ["run resnet50", "run yolov5", "run no.onnx", "run {} --rep=3", "run {} --opnvino", "rnu"],
)
def test_the_front_door_says_what_the_program_says(dnnbench, convolution, arguments):
    """It checks a command line before it fetches or builds, with a shell's means."""
    words = arguments.format(convolution).split()
    front_door = Path(__file__).resolve().parent.parent / "dnnbench"
    done = subprocess.run([front_door, *words], capture_output=True, text=True, timeout=600)
    program = dnnbench(*words)
    assert (done.returncode, program.returncode) == (2, 2)
    assert sentence_of(done.stderr) == sentence_of(program.stderr)


def sentence_of(stderr: str) -> str:
    """Without the program's name before it and "see --help" after it."""
    return re.sub(r"^dnnbench( \w+)?: |; see --help$", "", stderr.strip())


def test_without_an_engine_flag_the_installed_ones_run(bench, convolution, has_openvino):
    run = bench(convolution)
    expected = {"onnxruntime-cpu", "openvino-cpu"}
    assert expected <= run.results.keys()
    assert not [name for name in run.results if name.startswith("fake")]
    assert run.results["onnxruntime-cpu"]["outcome"] == "ok"
    assert run.results["openvino-cpu"]["outcome"] == ("ok" if has_openvino else "unsupported")


def test_an_engine_is_run_once_however_often_it_is_asked_for(bench, convolution):
    run = bench(convolution, "--fake=ok", "--fake=ok", "--fake=slow")
    assert list(run.results) == ["fake-ok", "fake-slow"]
    assert run.code == 0


@pytest.mark.parametrize("device", ["gpu", "arm"])
def test_a_device_that_is_not_there_is_unsupported(bench, convolution, device):
    if device == "arm" and os.uname().machine == "aarch64":
        pytest.skip("this is an Arm machine")
    run = bench(convolution, "--onnxruntime", f"--device={device}")
    assert run.code == 1
    result = run.only_result()
    assert (result["outcome"], result["device"]) == ("unsupported", device)
    provider = "gpu" if device == "gpu" else "cpu"
    assert run.files() == [f"tiny-quant=0-{device}-onnxruntime-{provider}.json"]


def test_several_models_have_a_table_each(bench, convolution, tmp_path):
    lookup = tiny_models.save(tiny_models.lookup(), tmp_path / "lookup.onnx")
    run = bench(convolution, lookup, "--onnxruntime", "--fake=ok")
    assert run.code == 0
    assert [line.split()[0] for line in run.stdout.splitlines() if " on " in line] == [
        "tiny",
        "lookup",
    ]
    assert sum(name.endswith(".json") for name in run.files()) == 4


def test_the_model_s_name_may_hold_anything(bench, tmp_path):
    path = tiny_models.save(tiny_models.convolution(), tmp_path / 'modèle 1, "x".v2.onnx')
    run = bench(path, "--onnxruntime")
    assert run.code == 0
    assert run.only_result()["model_path"] == str(path)
    assert run.files()[0] == 'modèle 1, "x".v2-quant=0-cpu-onnxruntime-cpu.json'


def test_a_long_name_is_cut(bench, tmp_path):
    name = "input" * 40
    path = tiny_models.save(tiny_models.convolution("N", name=name), tmp_path / "tiny.onnx")
    run = bench(path, "--onnxruntime", f"--shape={name}=2,3,8,8")
    assert run.code == 0
    assert run.only_result()["backend_meta"] == f"cpu-shape={name}@2x3x8x8"
    assert all(len(file) <= 205 for file in run.files())


def test_settings_keep_runs_apart(bench, convolution, tmp_path):
    for flags in ([], ["--threads=1"], ["--seed=7"], ["--number=2"], ["--threads=1", "--seed=7"]):
        bench(convolution, "--fake=ok", *flags, output=tmp_path)
    names = {path.stem.removeprefix("tiny-quant=0-cpu-fake-") for path in tmp_path.glob("*.json")}
    assert names == {"ok", "ok-threads=1", "ok-seed=7", "ok-number=2", "ok-threads=1-seed=7"}


def test_a_run_replaces_the_earlier_one_of_its_name(bench, convolution, tmp_path):
    first = bench(convolution, "--fake=ok", output=tmp_path).only_result()
    flags = ["--fake=ok", "--repeat=5", "--warmup=0"]
    second = bench(convolution, *flags, output=tmp_path, quick=False).only_result()
    assert (len(first["data"]), len(second["data"])) == (3, 5)


def test_a_run_keeps_the_earlier_one_also_where_an_engine_can_not_be_started(
    bench, convolution, tmp_path
):
    first = bench(convolution, "--ort-cuda", output=tmp_path).only_result()
    assert first["outcome"] == "unsupported"  # without --device=gpu
    bench(convolution, "--ort-cuda", output=tmp_path)
    kept = json.loads((tmp_path / (Path(first["output_path"]).name + ".1")).read_text())
    assert kept["run_id"] == first["run_id"]


@pytest.mark.parametrize("flags", [["--batch=1,2"], ["--shape=x=1,3,8,8"]])
def test_what_does_not_fit_a_model_is_found_before_another_is_measured(
    bench, convolution, tmp_path, flags
):
    other = tiny_models.save(tiny_models.convolution(name="z"), tmp_path / "other.onnx")
    models = [convolution, other] if "--shape" in flags[0] else [convolution]
    run = bench(*models, "--fake=ok", *flags, "--export=csv")
    assert run.code == 2
    assert run.stderr.count("\n") == 1
    assert not run.output.exists()


def test_what_was_measured_before_an_error_is_exported(bench, tmp_path):
    node = tiny_models.helper.make_node("Relu", ["x"], ["y"])
    ends = [tiny_models.tensor(name, ["N", 1_000_000]) for name in "xy"]
    model = tiny_models.model_of([node], ends[:1], ends[1:])
    path = tiny_models.save(model, tmp_path / "large.onnx")
    run = bench(path, "--fake=ok", "--batch=1,1000000", "--export=csv")
    assert run.code == 2
    assert "inputs of these shapes (x 1000000x1000000) take " in run.stderr
    assert [line.split(",")[0] for line in run.stdout.splitlines()] == ["model", "large"]


def test_an_error_with_a_later_engine_takes_nothing_from_the_first(bench, convolution, tmp_path):
    """A folder stands where the second one's log would be."""
    name = "tiny-quant=0-cpu-fake-ok_duration_s=0.002-streams=1-threads=1-mode=throughput.log"
    blocked = tmp_path / name
    (blocked / "in the way").mkdir(parents=True)
    flags = ["--fake=ok", "--fake=ok,duration_s=0.002", "--mode=throughput", "--budget=1"]
    flags += ["--streams=1", "--threads=1", "--export=csv"]
    run = bench(convolution, *flags, output=tmp_path, quick=False)
    assert run.code == 1
    first, second = (line.split(",") for line in run.stdout.splitlines()[1:])
    assert "failed" not in first
    assert second[-1] == "failed"
    failed = next(result for result in run.results.values() if result["outcome"] != "ok")
    assert failed["outcome"] == "failed"
    assert failed["reason"].startswith(f"could not write the log {blocked}: ")


def test_a_path_that_is_not_utf8_is_one_sentence(dnnbench, convolution, tmp_path):
    path = os.fsencode(tmp_path) + b"/m\xe8.onnx"
    Path(os.fsdecode(path)).write_bytes(convolution.read_bytes())
    done = dnnbench("run", os.fsdecode(path), "--fake=ok", f"--output={tmp_path / 'results'}")
    assert done.returncode == 2
    assert done.stderr.startswith("dnnbench: the model's path is not UTF-8: ")
    assert done.stderr.count("\n") == 1


def test_a_seed_gives_the_same_inputs(bench, convolution):
    def worst_element(seed: int) -> str:
        return bench(convolution, "--fake=wrong", f"--seed={seed}").only_result()["reason"]

    assert " instead of " in worst_element(3)
    assert worst_element(3) == worst_element(3)
    assert worst_element(3) != worst_element(4)


def test_threads_are_given_to_the_engine(bench, convolution):
    run = bench(convolution, "--onnxruntime", "--openvino", "--threads=1")
    for result in run.results.values():
        assert result["threads"] == 1
        assert result["backend_meta"] == "cpu-threads=1"
        if result["outcome"] == "ok":
            assert result["in_force"]["threads"] == 1


@pytest.mark.parametrize("precision", ["f16", "bf16", "default"])
def test_a_precision_is_in_force_or_refused(bench, convolution, precision):
    run = bench(convolution, "--onnxruntime", "--openvino", f"--precision={precision}")
    for result in run.results.values():
        assert result["precision"] == precision
        assert result["backend_meta"] == f"cpu-precision={precision}"
        if precision == "default":
            assert result["outcome"] in ("ok", "unsupported")
        elif result["outcome"] == "ok":
            assert result["in_force"]["precision"] in (precision, "mixed")
            assert result["verification"]["tolerance"]["class"] in (precision, "bf16")
        else:
            assert result["outcome"] == "unsupported"
            assert precision in result["reason"] or "has no engine" in result["reason"]


def test_an_earlier_result_survives_one_that_can_not_be_written(bench, convolution, tmp_path):
    before = bench(convolution, "--fake=ok", output=tmp_path)
    content = before.json_files()[0].read_bytes()

    def forbid_large_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    run = bench(
        convolution,
        "--fake=ok",
        "--repeat=20000",
        quick=False,
        output=tmp_path,
        preexec_fn=forbid_large_files,
        restore_signals=False,
    )
    assert run.code == 2
    reason = f"dnnbench: could not write the result {run.json_files()[0]}: "
    assert [line.startswith(reason) for line in run.stderr.splitlines()].count(True) == 1
    assert "Results are in" not in run.stderr
    assert [path.read_bytes() for path in run.json_files()] == [content]


def test_an_output_folder_that_can_not_be_made_is_one_sentence(bench, convolution, tmp_path):
    (tmp_path / "file").touch()
    run = bench(convolution, "--fake=ok", output=tmp_path / "file" / "results")
    assert run.code == 2
    assert run.stderr.startswith(f"dnnbench: could not make the output folder {tmp_path}/file/")
    assert run.stdout == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_one_sentence(bench, convolution, tmp_path):
    tmp_path.chmod(0o500)
    run = bench(convolution, "--fake=ok", output=tmp_path)
    assert run.code == 2
    assert run.stderr.count("\n") == 1
    assert str(tmp_path) in run.stderr


@pytest.mark.parametrize("arguments", [["run", "--help"], ["inspect", "{model}"], ["engines"]])
def test_output_that_can_not_be_written_is_an_error(programs, convolution, arguments):
    command = [programs / "dnnbench", *(word.format(model=convolution) for word in arguments)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "dnnbench: not all output could be written to stdout\n"


def test_an_engine_program_says_who_starts_it(programs):
    done = subprocess.run(
        [programs / "dnnbench-engine-onnxruntime"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "dnnbench" in done.stderr
