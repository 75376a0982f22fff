"""The JSON files of a folder: where they are, and the object that one holds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from json_values import printable

MAX_BYTES = 512_000_000  # of a file; a result has a few at most


class NotAResult(Exception):
    """Why a file can't be drawn, as the end of a sentence."""


def json_files(folder: Path, skip: Callable[[Path, object], None]) -> list[Path]:
    """Those below the folder. Calls `skip` for each folder there that can't be read, with why. Throws OSError."""
    os.scandir(folder).close()

    def skip_folder(error: OSError) -> None:
        skip(Path(error.filename), f"it can't be read: {error.strerror}")

    return sorted(
        Path(parent) / name
        for parent, _, names in os.walk(folder, onerror=skip_folder)
        for name in names
        if name.endswith(".json")
    )


def read_object(path: Path) -> dict:
    """Without what is null, which says as much as a missing key."""
    try:
        if not path.is_file():
            raise NotAResult("it is not a regular file")
        if path.stat().st_size > MAX_BYTES:
            raise NotAResult(f"it is larger than {MAX_BYTES // 1_000_000} MB")
        raw = printable(json.loads(path.read_bytes().decode("utf-8")))
    except OSError as error:
        raise NotAResult(f"it can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise NotAResult("it is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise NotAResult(f"broken JSON, line {error.lineno}: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise NotAResult("broken JSON: nested too deeply, or a number too long") from error
    if not isinstance(raw, dict):
        raise NotAResult("it is not a result: not a JSON object")
    return {key: value for key, value in raw.items() if value is not None}
