"""The command `dnnbench` of the Python wheel: starts the front door that the wheel carries."""

import os
import sys
from pathlib import Path

FRONT_DOOR = Path(__file__).parent / "lib" / "dnn-bench" / "dnnbench"


def main() -> None:
    # The front door fetches engines with the pip of `python3`, which is to be this environment's.
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    os.execv(FRONT_DOOR, [str(FRONT_DOOR), *sys.argv[1:]])
