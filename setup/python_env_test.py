"""Virtual environments of the set-up: one without packages, so that no network is needed."""

import os
import shutil
import subprocess
from pathlib import Path

SETUP = Path(__file__).resolve().parent


def test_an_environment_is_made_again_after_an_upgrade_of_python(tmp_path):
    (tmp_path / "setup" / "python").mkdir(parents=True)
    for script in ("python_env.sh", "lib.sh", "packages.sh"):
        shutil.copy(SETUP / script, tmp_path / "setup")
    (tmp_path / "setup" / "python" / "none.txt").write_text("# no package\n")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PIP_NO_INDEX": "1",
    }

    def make():
        done = subprocess.run(
            [tmp_path / "setup" / "python_env.sh", "none"],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        python = Path(done.stdout.strip())
        subprocess.run([python, "-c", "import pip"], check=True)
        return python, "Installing the Python packages" in done.stderr

    python, is_new = make()
    assert is_new
    assert make() == (python, False)
    (packages,) = (python.parent.parent / "lib").glob("python*")
    packages.rename(packages.with_name("python3.0"))
    assert make() == (python, True)
