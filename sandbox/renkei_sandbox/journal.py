"""What both systems were asked and what came of it: the oracle of every test."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

from attrs import Factory, asdict, define

from renkei_sandbox.messages import Fields, Kind


@define(kw_only=True)
class Entry:
    """One request received. *status* and *accepted* are filled in as they become true."""

    at: dt.datetime
    """When it arrived, by the sandbox's clock."""
    system: str
    """"smarthr", "touchontime", or "" for an address that belongs to neither."""
    method: str
    path: str
    tenant: str = ""
    """The company whose token it carries; "" where there is only one, or the token is nobody's."""
    query: dict[str, str] = Factory(dict)
    body: Any = None
    """The parsed body; text if it was not JSON; None if there was none."""
    kind: Kind = "other"
    status: int | None = None
    """What was answered; None as long as not one byte of an answer was sent."""
    accepted: bool = False
    """Whether the system carried the write out, whatever became of the answer."""
    person: str | None = None
    """The id of the person it was about, where there is one."""
    fault: str | None = None
    """The names of the faults applied, joined with "+"."""
    authorized: bool = False
    """Whether the token was good."""

    def document(self) -> Fields:
        """Return the entry as JSON can hold it."""
        return {**asdict(self), "at": self.at.isoformat(timespec="milliseconds")}


class Journal:
    """Every request since the start or the last clearing, in order of arrival."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Write *entry* down; it may be completed later."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[Entry]:
        """Return a copy of the list."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
