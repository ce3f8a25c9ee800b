"""What planted bugs got away with: a process that sleeps between its intent and the request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from renkei.store.hold import Hold
from renkei.store.journal import Told
from renkei.store.store import Store

if TYPE_CHECKING:
    from tests.e2e.office import Office


@pytest.mark.sqlite
def test_a_lease_lost_after_the_intent_sends_nothing(
    office: Office, direction: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has taken over meanwhile; the one that wakes up looks before it sends."""
    run = office.fetched(*direction)
    intend = Hold.intend

    def slept(
        hold: Hold, told: Sequence[Told], wanted: Sequence[tuple[int, str]], at: dt.datetime
    ) -> list[int] | None:
        ids = intend(hold, told, wanted, at)
        with monkeypatch.context() as patch:
            patch.setattr("renkei.store.owner.LIFETIME_S", 0.0)
            store = Store(str(office.store))
            store.begin_sync(run, at, "somebody else", account=hold.lease.account)
            store.close()
        return ids

    monkeypatch.setattr(Hold, "intend", slept)
    monkeypatch.setattr("renkei.store.hold.LATE_S", 0.0)
    result = office.ask("sync", run, *office.everybody(direction[1]))
    assert result.code == 5
    assert office.sent() == []
