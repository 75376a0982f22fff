#!/usr/bin/env python3
"""Makes the models that the benchmark knows by name, with seeded random weights.

The bytes are the same on every machine; manifest.json records their SHA-256, and a file that
differs is not kept.
"""

import argparse
import difflib
import hashlib
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import onnx

import architectures
from graph_builder import GraphBuilder
from model_file import serialise

MANIFEST_PATH = Path(__file__).resolve().with_name("manifest.json")


class ModelError(Exception):
    """One sentence that says what to fix."""


def default_folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "dnn-bench" / "models"


def read_manifest() -> dict[str, dict]:
    """The manifest's entries by model name."""
    return {entry["name"]: entry for entry in json.loads(MANIFEST_PATH.read_text())["models"]}


def make_model(name: str, folder: Path, expected: dict) -> None:
    """Makes folder/NAME.onnx unless it is there with the bytes of the manifest's entry."""
    path = folder / expected["file"]
    if is_as_expected(path, expected):
        say(f"{path} is there already")
        return
    say(f"making {name}: {expected['bytes'] / 1e6:.1f} MB, seeded weights")
    started = time.monotonic()
    write_model(architectures.BUILDERS[name](name), path, expected["sha256"])
    say(f"made {path} in {time.monotonic() - started:.1f} s")


def is_as_expected(path: Path, expected: dict) -> bool:
    if not path.is_file() or path.stat().st_size != expected["bytes"]:
        return False
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest() == expected["sha256"]


def write_model(graph: GraphBuilder, path: Path, expected_sha256: str | None = None) -> str:
    """Writes the file, whole and as expected or not at all; returns its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    digest = hashlib.sha256()
    try:
        with temporary.open("wb") as file:
            for piece in serialise(graph):
                digest.update(piece)
                file.write(piece)
        if expected_sha256 not in (None, digest.hexdigest()):
            raise ModelError(
                f"{graph.name}: onnx {onnx.__version__} and numpy {np.__version__} made a file with"
                f" SHA-256 {digest.hexdigest()} instead of {expected_sha256}; use the versions"
                " pinned in setup/python/models.txt"
            )
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return digest.hexdigest()


def write_manifest(folder: Path) -> None:
    """Makes every model again and records the checksums."""
    entries = []
    for name, build in architectures.BUILDERS.items():
        say(f"making {name}")
        graph = build(name)
        path = folder / f"{name}.onnx"
        sha256 = write_model(graph, path)
        entries.append(
            {
                "name": name,
                "file": path.name,
                "opset": graph.opset,
                "sha256": sha256,
                "bytes": path.stat().st_size,
                "fp32_elements": graph.float_elements(),
                "inputs": [describe(value) for value in graph.inputs],
                "outputs": [describe(value) for value in graph.outputs],
                "source": graph.source,
            }
        )
    MANIFEST_PATH.write_text(json.dumps({"models": entries}, indent=2) + "\n")


def describe(value: onnx.ValueInfoProto) -> dict:
    """Name, element type and shape of an input or output; an open dimension is its symbol."""
    tensor = value.type.tensor_type
    return {
        "name": value.name,
        "type": onnx.TensorProto.DataType.Name(tensor.elem_type).lower(),
        "shape": [dim.dim_param or dim.dim_value for dim in tensor.shape.dim],
    }


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    parser.add_argument("--out", type=Path, default=default_folder(), metavar="DIR")
    parser.add_argument(
        "--write-manifest",
        action="store_true",
        help="for maintainers: make all models and record what came out in manifest.json",
    )
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in architectures.BUILDERS:
            nearest = difflib.get_close_matches(name, architectures.BUILDERS, n=1, cutoff=0)[0]
            parser.exit(
                2, f"make_models.py: no model is called '{name}'; did you mean {nearest}?\n"
            )
    if options.write_manifest and options.names:
        parser.exit(2, "make_models.py: --write-manifest records all models and takes no NAME\n")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    try:
        if options.write_manifest:
            write_manifest(options.out)
            return 0
        manifest = read_manifest()
        for name in options.names or architectures.BUILDERS:
            make_model(name, options.out, manifest[name])
    except ModelError as error:
        say(f"make_models.py: {error}")
        return 1
    except OSError as error:
        say(f"make_models.py: can't write to {options.out}: {error.strerror}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
