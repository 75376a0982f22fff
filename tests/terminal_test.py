"""What a terminal shows during a run."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios

import pytest

REWRITE = "\r\x1b[K"  # to the line's start, and clear it
COLOUR = re.compile(r"\x1b\[\d+m")


@pytest.fixture
def watch(programs, convolution, tmp_path):
    """Runs with stderr on a terminal; gives stdout and what the terminal got."""

    def call(*flags: str, columns: int = 80, **environment: str) -> tuple[str, str]:
        terminal, far_end = pty.openpty()
        fcntl.ioctl(far_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
        with subprocess.Popen(
            [programs / "dnnbench", "run", convolution, *flags, f"--output={tmp_path}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=far_end,
            env=inherited | {"TERM": "xterm"} | environment,
            text=True,
        ) as process:
            os.close(far_end)
            seen = read_all(terminal)
            return process.stdout.read(), seen

    return call


def read_all(terminal: int) -> str:
    seen = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # on Linux: the other end is closed
            break
    os.close(terminal)
    return seen.decode().replace("\r\n", "\n")


def screen(seen: str) -> list[str]:
    """What remains in view."""
    return [line.split(REWRITE)[-1] for line in seen.split("\n")]


def test_progress_is_one_line_per_engine(watch, tmp_path):
    stdout, seen = watch("--fake=ok,duration_s=0.001", "--fake=crash_on_load", "--budget=0.2")
    steps = seen.replace("\n", REWRITE).split(REWRITE)
    assert any(re.match(r"reference +computing with ONNX Runtime", step) for step in steps)
    assert any(
        re.match(r"fake-ok_duration_s=0.001 +loading \(at most 300 s\)", step) for step in steps
    )
    assert any(re.match(r"fake-ok_duration_s=0.001 +warming up", step) for step in steps)
    assert any(
        re.match(r"fake-ok_duration_s=0.001 +measuring \(at most \d+ s\)", step) for step in steps
    )
    left = screen(COLOUR.sub("", seen))
    assert len(left) == 4
    assert left[0].startswith("fake-crash_on_load crashed: ended by SIGSEGV")
    assert re.fullmatch(r"fake-ok_duration_s=0.001 ok, [0-9.]+ ms per inference", left[1])
    assert left[2:] == [f"Results are in {tmp_path}", ""]
    assert "\x1b" not in stdout
    assert stdout.startswith("tiny on ")


def test_colours_show_success_and_failure(watch):
    _, seen = watch("--fake=ok", "--fake=failed", "--repeat=1", "--warmup=0")
    assert "\x1b[32mok, " in seen
    assert "\x1b[31mfailed: " in seen


def test_no_color_is_honoured(watch):
    _, seen = watch("--fake=ok", "--fake=failed", "--repeat=1", "--warmup=0", NO_COLOR="1")
    assert not COLOUR.search(seen)
    assert REWRITE in seen


def test_an_empty_no_color_is_none(watch):
    _, seen = watch("--fake=ok", "--repeat=1", "--warmup=0", NO_COLOR="")
    assert COLOUR.search(seen)


def test_a_dumb_terminal_gets_no_control_characters(watch, tmp_path):
    _, seen = watch("--fake=ok", "--repeat=1", "--warmup=0", TERM="dumb")
    assert seen == f"Results are in {tmp_path}\n"


def test_no_line_is_wider_than_the_terminal(watch):
    _, seen = watch("--fake=ok", "--repeat=1", "--warmup=0", columns=30)
    rewritten = [step for step in seen.split(REWRITE)[1:] if "\n" not in step]
    assert max(len(step) for step in rewritten) == 29
