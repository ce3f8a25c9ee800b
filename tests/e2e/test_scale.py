"""Many companies at one o'clock, on a small scale: workers of one store, and one that is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from bench.scale import Measured, Work, measure

from renkei_runner.site import Received, received
from renkei_sandbox.postgres import SHORT


def test_what_was_received_is_counted_by_company_and_person() -> None:
    """Twice is twice, whoever it was; what was refused or read counts for nothing."""

    def entry(tenant: str, kind: str, person: str, *, accepted: bool = True) -> dict[str, object]:
        body = {"code": person} if kind == "create" else None
        made = {"tenant": tenant, "kind": kind, "person": person, "body": body}
        return {**made, "accepted": accepted}

    journal = [
        entry("a", "create", "1"),
        entry("a", "update", "2"),
        entry("a", "update", "2"),
        entry("a", "update", "3", accepted=False),
        entry("b", "update", "2"),
        entry("b", "read", "2"),
    ]
    assert received(journal) == {
        "a": Received(created=1, updated=1, twice=1),
        "b": Received(updated=1),
    }


def whole(found: Measured, companies: int) -> bool:
    """Return whether each company has one run synced, and the systems got all of it once."""
    counts = found.states, found.done, found.twice, found.lost
    return counts == ({"done": companies}, companies, 0, 0)


def test_companies_that_one_process_does_one_after_another_get_what_is_theirs() -> None:
    """What their systems have received is of their own people, and all of it, once."""
    assert whole(measure(Work(companies=4, people=20, workers=1, concurrency=1)), 4)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.fault("F92", "F102")
def test_twelve_companies_of_two_workers_one_of_which_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And one is frozen past its lease: one run of each is synced, nothing is doubled or lost."""
    monkeypatch.setattr("bench.scale.KILL_EVERY_S", 4.0)
    found = measure(Work(companies=12, people=20, latency_s=0.2, hurt=True), patience_s=240)
    assert found.killed > 0
    assert whole(found, 12)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_demo_of_a_cluster_ends_well_and_leaves_nothing() -> None:
    """With 0, and a table in which nobody is doubled or lost; no folder and no process is left."""
    with TemporaryDirectory(dir=SHORT) as name:
        ends_well(Path(name))


def ends_well(folder: Path) -> None:
    """Show the demo, with all that it makes in *folder*."""
    done = subprocess.run(
        [sys.executable, "-m", "renkei_runner", "demo", "--cluster", "--people", "40"],
        env={**os.environ, "TMPDIR": str(folder), "RENKEI_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Worker 1 is killed" in done.stdout
    assert "20 of 20 companies have one run, and it is done. Written twice: 0; lost: 0." in (
        done.stdout
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert list(folder.iterdir()) == []
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(folder) not in running.stdout
