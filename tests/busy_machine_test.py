"""A test that keeps every core busy, so that it runs alone (CMakeLists.txt)."""

import os
import re
import subprocess


def test_a_busy_machine_is_reported_early_with_who_uses_it(programs, convolution, tmp_path):  # 6 s
    """A machine that does other things as well only makes this surer."""
    busy = [
        subprocess.Popen(["taskset", "-c", str(core), "sh", "-c", "while :; do :; done"])
        for core in os.sched_getaffinity(0)
        for _ in range(2)
    ]
    try:
        flags = ["--onnxruntime", "--budget=2", f"--output={tmp_path}"]
        command = [programs / "dnnbench", "run", convolution, *flags]
        done = subprocess.run(command, capture_output=True, text=True)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    if "suspect" not in done.stdout:
        return  # a machine that gives each of them a core of its own
    assert done.returncode == 5  # nothing is ranked, so it is no success
    found = re.search(
        r"The machine is busy: (\d+) of (\d+) blocks were disturbed \((.*)\)\. ", done.stderr
    )
    assert found and int(found[1]) == 3
    assert re.search(r"; \S+ \(.*process.*\) uses \d+\.\d\d cores$", found[3])
