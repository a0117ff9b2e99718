"""What a fresh machine meets: the scripts behind `make`."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _bin(folder: Path, **scripts: str) -> dict[str, str]:
    """An environment whose only commands are these scripts and the plain tools a script needs."""
    folder.mkdir()
    for tool in ("bash", "env", "grep", "dirname"):
        found = next(path for place in ("/usr/bin", "/bin") if (path := Path(place) / tool).exists())
        (folder / tool).symlink_to(found)
    for name, text in scripts.items():
        path = folder / name.replace("_", ".")
        path.write_text(f"#!/bin/bash\n{text}\n", "utf-8")
        path.chmod(0o755)
    return {"PATH": str(folder)}


def _python(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    script = ROOT / "scripts" / "python.sh"
    return subprocess.run([script], capture_output=True, text=True, check=False, env=environment, timeout=20)


def test_a_machine_without_python_is_told_what_to_install(tmp_path: Path) -> None:
    """The exact line to run is printed, and nothing else happens."""
    done = _python(_bin(tmp_path / "bin"))
    assert done.returncode == 1
    assert "apt-get install python3 python3-venv" in done.stderr


def test_a_python_too_new_or_too_old_is_passed_over(tmp_path: Path) -> None:
    """A python3 outside 3.11 to 3.13 is not used when another is there."""
    environment = _bin(tmp_path / "bin", python3="exit 1", python3_12="exit 0")
    done = _python(environment)
    assert (done.returncode, Path(done.stdout.strip()).name) == (0, "python3.12")


def test_a_python_without_venv_is_told_its_package(tmp_path: Path) -> None:
    """Debian ships venv apart: its package is named."""
    script = 'case "$2" in *ensurepip*) exit 1;; *print*) echo 3.11;; esac'
    done = _python(_bin(tmp_path / "bin", python3=script))
    assert done.returncode == 1
    assert "apt-get install python3-venv (or python3.11-venv)" in done.stderr


def test_the_run_of_the_suite_is_what_a_newcomer_does() -> None:
    """The machine that judges a change runs `make test` and nothing more."""
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make test"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_make_help_names_every_target() -> None:
    """Each public target says what it does."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
