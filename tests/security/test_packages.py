"""What is installed is what the lock says."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def wheel(folder: Path) -> Path:
    """Make a small wheel without a tool and without a network."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "")
        metadata = "tiny-1.0.dist-info"
        archive.writestr(
            f"{metadata}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{metadata}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{metadata}/RECORD", "tiny.py,,\n")
    return path


@pytest.mark.security(49)
@pytest.mark.parametrize("altered", [False, True], ids=["as_locked", "altered"])
def test_an_altered_package_is_not_installed(tmp_path: Path, *, altered: bool) -> None:
    """One byte more than when the hash was written down, and nothing is installed."""
    made = wheel(tmp_path)
    lock = tmp_path / "lock.txt"
    lock.write_text(f"tiny==1.0 --hash=sha256:{hashlib.sha256(made.read_bytes()).hexdigest()}\n")
    if altered:
        with zipfile.ZipFile(made, "a") as archive:
            archive.writestr("more.py", "")
    target = tmp_path / "target"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "uv", "--no-config", "--offline", "--no-cache"),
            *("pip", "install", "--require-hashes", "--no-index", "--find-links", tmp_path),
            *("--target", target, "-r", lock),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) is not altered, done.stderr
    assert (target / "tiny.py").exists() is not altered


@pytest.mark.security(49)
def test_everything_is_installed_by_hash_and_nothing_is_built() -> None:
    """The one place that installs packages of others asks for hashes, and for wheels only."""
    lines = re.findall(r"\$\(PIP_INSTALL\).*-r requirements.*", (ROOT / "Makefile").read_text())
    assert lines
    assert all("--require-hashes --only-binary :all:" in line for line in lines)
