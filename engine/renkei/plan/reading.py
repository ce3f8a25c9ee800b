"""Both sides of a fetch are read at the same time; a list that changes meanwhile is read again."""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context

from attrs import frozen

from renkei.errors import AccessError
from renkei.identity.roster import Roster
from renkei.mapping.scope import Scope
from renkei.observer import Observer
from renkei.people import OPTIONAL_ROLES, Employee, FieldSpec
from renkei.plugins.facade import Reader, read_whole
from renkei.words.i18n import _, label

ASK_S = 0.2
"""How often it is asked whether somebody wants the fetch to stop."""

REPORT_EVERY = 100


@frozen(kw_only=True)
class Side:
    """
    One side of a fetch: its reader, the fields to ask for, and which of them is the number.

    Those that no pair compares only tell who is who, if they can be read. *scope* is who is inside;
    what only it reads is not kept.
    """

    reader: Reader
    fields: tuple[str, ...]
    number_field: str
    scope: Scope

    @property
    def specs(self) -> tuple[FieldSpec, ...]:
        """The specs of the fields that are asked for, in the connector's order."""
        return tuple(spec for spec in self.reader.fields if spec.name in self.fields)

    def inside(self, people: Iterator[Employee], roster: Roster) -> Iterator[Employee]:
        """Yield who of *people* may be inside; *roster* keeps who is not, or of whom who knows."""
        for person in people:
            match self.scope.holds(person):
                case False:
                    roster.leave_out(person)
                    continue
                case None:
                    roster.unsure[person.id] = self.scope.unknown(person)
            yield person


def read_both(
    source: Side,
    target: Side,
    at: dt.date,
    observer: Observer,
    interrupted: Callable[[], bool],
) -> tuple[Roster, Roster]:
    """
    Return the employees of both sides, read at the same time.

    The first error of either side ends both. The threads are daemons, so that an interrupt waits
    neither for an answer nor for room within a limit.
    """
    stop = threading.Event()
    answers: queue.Queue[tuple[int, Roster | BaseException]] = queue.Queue()
    rosters: dict[int, Roster] = {}
    for index, side in enumerate((source, target)):

        def work(index: int = index, side: Side = side) -> None:
            try:
                answers.put((index, read_side(side, at, observer, stop)))
            except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
                answers.put((index, error))

        # the context has the language of the command, and what stands beside each line of its log
        threading.Thread(target=copy_context().run, args=(work,), daemon=True).start()
    try:
        while len(rosters) < 2:
            stop_if(interrupted)
            try:
                index, answer = answers.get(timeout=ASK_S)
            except queue.Empty:
                continue
            if isinstance(answer, BaseException):
                raise answer
            rosters[index] = answer
    finally:
        stop.set()
    return rosters[0], rosters[1]


def stop_if(interrupted: Callable[[], bool]) -> None:
    """Raise KeyboardInterrupt once somebody wants the fetch to stop."""
    if interrupted():
        raise KeyboardInterrupt


def read_side(side: Side, at: dt.date, observer: Observer, stop: threading.Event) -> Roster:
    """Return everybody of one side."""
    return read_whole(lambda: _read_once(side, at, observer, stop))


def _read_once(side: Side, at: dt.date, observer: Observer, stop: threading.Event) -> Roster:
    roster = Roster(side.specs, side.number_field)
    asked = tuple(dict.fromkeys([*side.fields, *side.scope.fields]))
    people = side.reader.list_employees(at, asked)
    inside = side.inside(people, roster) if side.scope.rules else people
    for count, employee in enumerate(inside, start=1):
        roster.add(employee)
        if count % REPORT_EVERY == 0:
            observer.reading(side.reader.name, count)
            if stop.is_set():
                break  # the other side has failed or somebody has interrupted: nobody waits for it
    observer.reading(side.reader.name, len(roster))
    return roster


def refuse_unknown_roles(side: Side, roster: Roster) -> None:
    """
    Raise AccessError if a field that decides who is listed or who is who is unknown for everybody.

    That is what a token without the right looks like; comparing on would treat it as empty.
    """
    roles = {s.name: s for s in side.specs if s.role and s.role not in OPTIONAL_ROLES}
    missing = roster.unknown_to_all(roles)
    if missing:
        names: list[str] = []
        lacking: list[str] = []
        for name in sorted(missing):
            spec = roles[name]
            names.append(f"{label(spec.label)} ({name})")
            lacking.append(str(spec.role))
        message = _(
            "{name}: {fields} cannot be read for any employee, so nobody can be compared."
            " Give the token the right to read it; if the account has no such field, write"
            " without: [{roles}] at the connection."
        )
        raise AccessError(
            message.format(
                name=side.reader.name, fields=", ".join(names), roles=", ".join(lacking)
            ),
            where=side.reader.name,
        )
