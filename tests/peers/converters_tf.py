"""converters.py's TensorFlow: models that we saved, and onnx2tf's, in stock Python TensorFlow."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
from converters import REPOSITORY, Broken, Job, Loaded, checked

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf  # noqa: E402, which reads that

MOST_S = 300  # of onnx2tf's conversion


def prepare(threads: int) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def arguments(signature, inputs: dict[str, np.ndarray]) -> dict:
    """Ours go by name; onnx2tf renames, and wants channels last."""
    wanted = signature.structured_input_signature[1]
    given = {}
    for (name, spec), (_, values) in zip(sorted(wanted.items()), sorted(inputs.items())):
        values = inputs.get(name, values)
        if list(spec.shape) != list(values.shape) and values.ndim == 4:
            values = values.transpose(0, 2, 3, 1)
        given[name] = tf.constant(values, spec.dtype)
    return given


def load_saved(path: Path, job: Job) -> Loaded:
    model = tf.saved_model.load(str(path))
    signature = model.signatures["serving_default"]
    given = arguments(signature, job.inputs)

    def run() -> dict:
        _ = model  # which the signature needs alive
        return signature(**given)

    return Loaded(run, lambda result: {name: one.numpy() for name, one in result.items()})


def load_peer(job: Job) -> Loaded:
    python = checked([REPOSITORY / "setup" / "python_env.sh", "onnx2tf"]).strip()
    folder = job.folder / "onnx2tf"
    folder.mkdir()
    # It may write into its model, and would download pictures to try the conversion with.
    shutil.copy(job.model, folder / "model.onnx")
    pictures = np.random.default_rng(0).random((20, 128, 128, 3), dtype=np.float32)
    np.save(folder / "calibration_image_sample_data_20x128x128x3_float32.npy", pictures)
    batch = str(next(iter(job.inputs.values())).shape[0])
    command = [python, "-m", "onnx2tf", "-i", "model.onnx", "-o", "converted", "-n", "-b", batch]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MOST_S, cwd=folder)
    except subprocess.TimeoutExpired:
        raise Broken(f"none within {MOST_S} s") from None
    if done.returncode != 0 or not (folder / "converted" / "saved_model.pb").exists():
        raise Broken("no SavedModel")
    return load_saved(folder / "converted", job)
