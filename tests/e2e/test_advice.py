"""Whatever a command advises is not refused when somebody types it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.pair import NEW
from tests.sampling import sample, sampled

from renkei.model import Status
from renkei.store.store import Store
from renkei_sandbox import faults

if TYPE_CHECKING:
    from tests.e2e.office import Office

DIRECTION = ("smarthr", "touchontime")
REFUSED = (2, 3, 5, 6)
DAY_S = 86400.0
ADVICE = re.compile(r"^  (renkei .+?)  +# |`(renkei [^`\n]+)`|: (renkei [^`\n]+)$", re.MULTILINE)


def ready(office: Office) -> str:
    return office.fetched(*DIRECTION)


def changed_mapping(office: Office) -> str:
    run = office.fetched(*DIRECTION)
    settings = "mappings: [{use: smarthr-touchontime, settings: {business_names: true}}]"
    office.configure(extra=settings)
    return run


def expired(office: Office) -> str:
    run = office.fetched(*DIRECTION)
    office.box.clock.advance(DAY_S + 3600)
    return run


def failed(office: Office) -> str:
    office.box.smarthr.revoke()
    run = office.ask("fetch", *DIRECTION).run
    office.box.smarthr.restore()
    return run


def done(office: Office) -> str:
    return office.synced(*DIRECTION)


def with_errors(office: Office) -> str:
    office.allow(1)
    run = office.fetched(*DIRECTION)
    office.box.touchontime.faults.add("status", status=400, code=9001, kind="update", times=2)
    result = office.ask("sync", run, *office.everybody(DIRECTION[1]))
    assert result.json["status"] == "done_with_errors"
    return run


def old_errors(office: Office) -> str:
    run = with_errors(office)
    office.box.clock.advance(DAY_S + 3600)
    return run


def paused(office: Office) -> str:
    """Return a run that a revoked token stopped in the middle, with nothing to be settled."""
    office.allow(1)
    run, target = office.fetched(*DIRECTION), office.box.touchontime
    for nth, words in ((3, ("sync", run, *office.everybody(target.name))), (1, ("resume", run))):
        target.faults.add(faults.hook(lambda _: target.revoke()), kind="update", nth=nth)
        assert office.ask(*words).json["status"] == "paused"
        target.restore()
    return run


def paused_long_ago(office: Office) -> str:
    run = paused(office)
    office.box.clock.advance(4 * DAY_S)
    return run


def cancelled(office: Office) -> str:
    run = office.fetched(*DIRECTION)
    assert office.ask("cancel", run).code == 0
    return run


def cancelled_in_the_middle(office: Office) -> str:
    run = paused(office)
    assert office.ask("cancel", run).code == 0
    return run


def purged(office: Office) -> str:
    run = done(office)
    return _without_values(office, run)


def purged_errors(office: Office) -> str:
    return _without_values(office, with_errors(office))


def purged_pause(office: Office) -> str:
    return _without_values(office, paused(office))


def _without_values(office: Office, run: str) -> str:
    office.box.clock.advance(DAY_S * 2)
    assert office.ask("reports", "purge", "--older-than", "1d").json["purged"] >= 1
    return run


STATES: dict[str, tuple[Callable[[Office], str], Status]] = {
    "ready": (ready, Status.READY),
    "changed mapping": (changed_mapping, Status.READY),
    "expired": (expired, Status.EXPIRED),
    "failed": (failed, Status.FAILED),
    "done": (done, Status.DONE),
    "with errors": (with_errors, Status.DONE_WITH_ERRORS),
    "old errors": (old_errors, Status.DONE_WITH_ERRORS),
    "paused": (paused, Status.PAUSED),
    "paused long ago": (paused_long_ago, Status.PAUSED),
    "cancelled": (cancelled, Status.CANCELLED),
    "cancelled in the middle": (cancelled_in_the_middle, Status.CANCELLED),
    "purged": (purged, Status.DONE),
    "purged with errors": (purged_errors, Status.DONE_WITH_ERRORS),
    "purged pause": (purged_pause, Status.PAUSED),
}


def commands(run: str, number: str) -> list[list[str]]:
    """Return what people type about a run, wise or not."""
    return [
        ["report", run],
        ["plan", run],
        ["sync", run],
        ["sync", run, "--yes", *NEW["touchontime"]],
        ["sync", run, "--number", number],
        ["sync", run, "--retry-failed"],
        ["resume", run],
        ["cancel", run],
    ]


@contextmanager
def unchanged(office: Office) -> Iterator[None]:
    """Put the store back as it was: one command after the other meets the same run."""
    seen = office.folder / ".renkei.db.seen"  # or it would be found to be an older copy
    before = {path: path.read_bytes() for path in (office.store, seen)}
    yield
    for leftover in office.folder.glob("renkei.db-*"):
        leftover.unlink()
    for path, content in before.items():
        path.write_bytes(content)


def advised(said: str) -> set[str]:
    """Return the commands in what was said."""
    return {"".join(found) for found in ADVICE.findall(said)}


def typed(office: Office, advice: str, number: str) -> tuple[int, str]:
    """Do as advised, and say no where it asks; return the exit code and what was said."""
    words = ["--yes" if word == "…" else word for word in shlex.split(advice)[1:]]
    words = [{"NUMBER": number, "CODE": number}.get(word, word) for word in words]
    chooses = words[0] == "sync" and len(words) > 2
    if chooses and not {"--retry-failed", "--allow-unusual"} & set(words):
        words += NEW["touchontime"]
    result = office.renkei(*words, answers="n\n")
    return result.code, result.out + result.err


@pytest.mark.sqlite
@sampled
@pytest.mark.parametrize("state", STATES)
def test_whatever_is_advised_is_not_refused(office: Office, state: str) -> None:
    """For a run in each state and each command about it: what it names can be typed."""
    make, status = STATES[state]
    number = office.numbers(office.fetched(*DIRECTION), "changed")[0]
    run = make(office)
    assert office.ask("report", run).json["status"] == status
    told: dict[str, str] = {}
    for words in sample(commands(run, number), 2, list(STATES).index(state)):
        with unchanged(office):
            result = office.renkei(*words)
        told |= dict.fromkeys(advised(result.out + result.err), shlex.join(words))
    assert told
    for advice, command in told.items():
        with unchanged(office):
            code, said = typed(office, advice, number)
        assert code not in REFUSED, f"{command} advises {advice}: {code} {said}"


@pytest.mark.sqlite
@sampled
@pytest.mark.parametrize("state", STATES)
def test_nobody_is_told_to_resume_what_cannot_be_resumed(office: Office, state: str) -> None:
    """Not in a sentence either: where `resume` is refused the word does not occur."""
    make, _status = STATES[state]
    run = make(office)
    with unchanged(office):
        refused = office.renkei("resume", run).code in REFUSED
    for words in sample(commands(run, "0001"), 2, 1 + list(STATES).index(state)):
        with unchanged(office):
            result = office.renkei(*words)
        said = (result.out + result.err).lower()
        assert not (refused and "resume" in said), (words, said)


@pytest.mark.sqlite
def test_a_run_that_moves_is_only_looked_at_or_stopped(office: Office) -> None:
    """While another process fetches or syncs it, everything advised still works."""
    run = office.fetched(*DIRECTION)
    number = office.numbers(run, "changed")[0]
    with closing(Store(str(office.store))) as store:
        office.ask("sync", run, "--number", number)
        other = office.fetched(*DIRECTION)
        office.renkei("sync", other, answers="y\n")
        store.begin_sync(other, office.box.clock.now(), "somebody", account="x")
        assert office.ask("report", other).json["status"] == "syncing"
        for words in commands(other, number)[:-1]:
            result = office.renkei(*words)
            for advice in advised(result.out + result.err):
                code, said = typed(office, advice, number)
                assert code not in REFUSED, f"{words} advises {advice}: {code} {said}"
