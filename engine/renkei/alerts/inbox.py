"""The inbox: what needs a person now, with what is known of it, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

from renkei.alerts.states import KINDS, State
from renkei.alerts.words import Names, state_text
from renkei.config.main import Company
from renkei.store.alerts import Alert


@frozen(kw_only=True)
class Entry:
    """One state of a company; *alert* is since when, and who was told: None, if nobody looked."""

    company: Company
    state: State
    alert: Alert | None = None

    def text(self, connections: Mapping[str, str] | None = None) -> str:
        """Return it in a sentence; *connections* are what people call them."""
        return state_text(self.state, Names(connections=connections or {}))


def entries(states: Iterable[tuple[Company, State]], alerts: Iterable[Alert]) -> list[Entry]:
    """Return an entry for each state, in the order of their kinds, then by company."""
    kept = {(each.company, each.key): each for each in alerts if each.ended_at is None}
    found: list[Entry] = []
    for company, state in states:
        alert = kept.get((state.company, state.key))
        found.append(Entry(company=company, state=state, alert=alert))
    return sorted(found, key=lambda e: (KINDS.index(e.state.kind), e.company.name, e.state.key))
