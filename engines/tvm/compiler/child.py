"""Runs a function in a child process: what runs there may crash or hang, and is ended in time.

The child is a fork, so that it needs neither imports nor the model again. No kernel may have run in
the parent before: TVM's threads don't survive a fork.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Ended:
    """How it went: the function's value, or a reason why there is none."""

    value: Any = None
    reason: str = ""


def run_in_child(function: Callable[[], Any], limit_s: float) -> Ended:
    """The value must be what JSON can hold."""
    parent = os.getpid()
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(function, writer, parent)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        text = _read_until(answer.fileno(), time.monotonic() + limit_s)
    if text is None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if text is None:
        return Ended(reason=f"was ended after {limit_s:g} s")
    return _ended(text, status)


def _work(function: Callable[[], Any], writer: int, parent: int) -> None:
    """Never returns."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            os.write(writer, json.dumps({"value": function()}).encode())
            status = 0
    except BaseException as error:  # noqa: BLE001 reported to the parent
        traceback.print_exc()
        os.write(writer, json.dumps({"reason": f"{type(error).__name__}: {error}"}).encode())
    finally:
        os._exit(status)


def _read_until(descriptor: int, deadline: float) -> bytes | None:
    """All that is written until the other end is closed; None when that takes too long."""
    text = b""
    while (left_s := deadline - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left_s)[0]:
            part = os.read(descriptor, 1 << 16)
            if not part:
                return text
            text += part
    return None


def _ended(text: bytes, status: int) -> Ended:
    if os.WIFSIGNALED(status):
        return Ended(reason=f"was ended by {signal.Signals(os.WTERMSIG(status)).name}")
    try:
        return Ended(**json.loads(text))
    except ValueError:
        return Ended(reason="gave no answer")
