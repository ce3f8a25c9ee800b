"""Records of a run: its plan, what was chosen, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal

from attrs import define, field, frozen

from renkei.people import Choice, ClosedHours, Customer, Others, Value, Values

HALTS = frozenset({"numbers_moved", "numbers_do_not_fit"})
"""Notices with which nothing of a plan is sent unless a person allows it."""

RELEASABLE = frozenset({"other_person", "same_person"})
"""Reasons that a person may release; no other one."""

Rehire = Literal["ask", "reuse", "new"]
"""
What is done with somebody who seems to be hired again under a new number.

``ask`` notes it, ``reuse`` goes on with the old record, ``new`` registers them as anybody.
"""


class Difference(StrEnum):
    """How an employee of the source compares with the target."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    BLOCKED = "blocked"


class Outcome(StrEnum):
    """What became of one employee of the plan."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    NOT_SELECTED = "not_selected"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DEFERRED = "deferred"


WRITTEN = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)
"""Outcomes after which a difference is none any more."""

BECAME = (Outcome.CREATED, Outcome.UPDATED, Outcome.FAILED)
"""Outcomes that a list of runs or companies counts."""

TROUBLE = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.DEFERRED)
"""Outcomes that somebody may have to look into; see :attr:`Item.needs_attention`."""

NAMED = 20
"""How many numbers are spelled out where many are told of."""


class Status(StrEnum):
    """Where a run is."""

    FETCHING = "fetching"
    READY = "ready"
    SYNCING = "syncing"
    PAUSED = "paused"
    DONE = "done"
    DONE_WITH_ERRORS = "done_with_errors"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_at_work(self) -> bool:
        """Whether a process fetches or syncs the run."""
        return self in (Status.FETCHING, Status.SYNCING)

    @property
    def is_over(self) -> bool:
        """Whether the run has come to an end; what is in doubt may still be looked up."""
        return not self.is_at_work and self not in (Status.READY, Status.PAUSED)


@frozen
class Change:
    """One field that a sync would change, in the target's terms."""

    field: str
    before: Value
    after: Value


NUMBERLESS = "numberless:"
"""Begins a part of a remark that only counts people who have no number."""


@frozen
class Remark:
    """
    A reason or a note: a stable *code*, with the fields and dates it speaks of (never names).

    That of an employee may also quote a value: it is purged with the others and never logged.
    """

    code: str
    about: tuple[str, ...] = ()


@frozen
class Try:
    """What became of one employee before somebody had it tried again."""

    outcome: Outcome
    reason: Remark | None = None
    detail: str | None = None


@frozen(kw_only=True)
class Candidate:
    """Somebody of the target who may be the employee of an item, as they were at the fetch."""

    id: str
    number: str | None
    values: Values
    others: Others = field(factory=dict)
    unreadable: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


@frozen(kw_only=True)
class Released:
    """
    What a person has said of an employee and a record of the target, which the rules would not.

    *kind*: they are ``same_person``, or the employee is registered ``as_new``, or the two lists are
    a ``right_pair``. *others* are the records it is about, by number or id.
    """

    kind: Literal["same_person", "as_new", "right_pair"]
    others: tuple[str, ...]
    who: str
    why: str


@frozen(kw_only=True)
class Wish:
    """
    What a person says of the employee *number* of a plan, and *why*.

    *other* is the record of the target that is the same person, by number or id; None: the one of
    the same number. With *as_new* all records that the plan names are other people.
    """

    number: str
    why: str
    other: str | None = None
    as_new: bool = False


@frozen(kw_only=True)
class Release:
    """
    A :class:`Released` that is kept: for which pair of connections, since when, in which *run*.

    *number* is the employee's; None: it is about the pair itself.
    """

    id: str
    source: str
    target: str
    number: str | None
    said: Released
    at: dt.datetime
    run: str


@frozen(kw_only=True)
class Item:
    """
    One employee of the plan.

    *kana* is how the name is read, as far as the mapping tells: people search by it. *read* is what
    the source said, *before* what the target said at the fetch of the fields that are compared
    (None for a new employee), *after* the translated values; *read_others* and *before_others* are
    the further values of both. *changes* is empty unless there is something to write. *candidates*
    are those of the target of whom reasons and notes speak, *released* is what a person has said of
    them. With *look_first* nobody is chosen but
    by a person who has looked at them. From the choice on, *selected* and *new_values* (required
    new-record fields) are set; from the sync on,
    *outcome* with its *outcome_reason* and *detail*, the system's own words; *earlier* has what
    became of the tries before the last one, oldest first.
    """

    number: str | None
    name: str
    difference: Difference
    source_id: str
    target_id: str | None = None
    kana: str = ""
    read: Values = field(factory=dict)
    read_others: Others = field(factory=dict)
    before: Values | None = None
    before_others: Others = field(factory=dict)
    after: Values = field(factory=dict)
    changes: tuple[Change, ...] = ()
    reasons: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    released: Released | None = None
    look_first: bool = False
    position: int = 0
    selected: bool = False
    new_values: Mapping[str, Choice] = field(factory=dict)
    outcome: Outcome | None = None
    outcome_reason: Remark | None = None
    detail: str | None = None
    earlier: tuple[Try, ...] = ()

    @property
    def written(self) -> tuple[Change, ...]:
        """What a sync writes, for people: the changes, then what was chosen for a new employee."""
        chosen = [Change(name, None, choice.shown) for name, choice in self.new_values.items()]
        return (*self.changes, *chosen)

    @property
    def waits(self) -> bool:
        """Whether the sync has not come to them yet, or is at them."""
        return self.outcome in (Outcome.UNKNOWN, Outcome.DEFERRED) and self.outcome_reason is None

    @property
    def needs_attention(self) -> bool:
        """Whether a person has to look into it: not for who only waits for the run to go on."""
        waits = self.outcome is Outcome.DEFERRED and self.outcome_reason is None
        return self.outcome in TROUBLE and not waits

    @property
    def is_linked(self) -> bool:
        """Whether this is paired with a record of another number."""
        return any(note.code == "linked" for note in self.notes)

    @property
    def was_ahead(self) -> bool:
        """Whether this was registered before the day of joining, and only begins now."""
        return any(note.code == "registered_ahead" for note in self.notes)

    @property
    def is_releasable(self) -> bool:
        """Whether a person may say that this is, or is not, one of its candidates."""
        codes = {reason.code for reason in self.reasons}
        open_still = self.released is None and not self.is_linked
        return bool(self.candidates) and codes <= RELEASABLE and open_still


@define  # not frozen: of each person of a plan one is made, and that takes twice as long
class Alike:
    """
    Two people of one *number* whom nothing differs in, and of whom nothing has to be told.

    Most of a plan is these. *read* and *before* are what source and target say, in the order of the
    plan's fields; *unsaid* are the places of *before* that no pair has written.
    """

    number: str
    name: str
    source_id: str
    target_id: str
    kana: str
    read: Sequence[Value]
    before: Sequence[Value]
    unsaid: Sequence[int]


@frozen(kw_only=True)
class Filter:
    """
    Which items of a plan.

    Those of the *differences* and *outcomes* (none: of any), with *text* in their number, name or
    kana, and only the chosen ones if *selected*. Width, spaces and the kind of kana do not count.
    *look_first*: only those to be looked at first, or only the others (None: of either kind).
    """

    differences: tuple[Difference, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    text: str = ""
    selected: bool = False
    look_first: bool | None = None


@frozen
class Entry:
    """One item of a plan as far as choosing needs it."""

    position: int
    number: str | None
    difference: Difference
    look_first: bool = False


@frozen(kw_only=True)
class Run:
    """
    One fetch, review and sync, as the store keeps it; *id* is what a person types.

    *counts* has every difference. *outcomes* has every outcome once a sync has begun, else None.
    *reason* tells why the run is paused or failed, *resume_at* when it may go on (information).
    *who* fetched, *chosen_by* chose and *synced_by* synced last; *allowed_by* allowed what is over
    the safety limits, *taken_over_by* took the run from a process whose fate was unknown.
    *base_chosen* tells whether a person chose the base date (None: not known), *again_of* is the
    run whose choice was carried over. *pauses* has the codes of all reasons it has paused for.
    *source_side* is the side of the mapping that the source is (None: not known). *specs* are the
    fields of source and target as they were at the fetch, as the store writes them; *said* is whom
    of each the plan is for, by field. *source_count*
    people were on the roll of the source, and *target_count* in the target (None: not known).
    *planned_at* is when the plan was made, None as long as there is none.
    *purged* is true when the employees' values are gone.
    """

    id: str
    source: str
    target: str
    base_date: dt.date
    status: Status
    who: str
    created_at: dt.datetime
    base_chosen: bool | None = None
    again_of: str | None = None
    chosen_by: str | None = None
    synced_by: str | None = None
    taken_over_by: str | None = None
    planned_at: dt.datetime | None = None
    pauses: tuple[str, ...] = ()
    sync_started_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    mapping_name: str
    mapping_text: str
    mapping_hash: str
    source_side: str | None = None
    specs: tuple[str, str] | None = None
    said: tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]] = ({}, {})
    settings: Mapping[str, bool]
    counts: Mapping[Difference, int] = field(factory=dict)
    outcomes: Mapping[Outcome, int] | None = None
    notices: tuple[Remark, ...] = ()
    reason: Remark | None = None
    resume_at: dt.datetime | None = None
    allowed_by: str | None = None
    source_count: int | None = None
    target_count: int | None = None
    purged: bool = False

    @property
    def open(self) -> int:
        """How many people differ by its plan whom it has not written."""
        found = self.counts.get(Difference.NEW, 0) + self.counts.get(Difference.CHANGED, 0)
        outcomes = self.outcomes or {}
        written = sum(outcomes.get(each, 0) for each in WRITTEN)
        return max(0, found - written)


@frozen(kw_only=True)
class OwnValues:
    """Values for one new employee, in words or codes; *where* tells the place they come from."""

    number: str
    values: Mapping[str, str]
    where: str


@frozen(kw_only=True)
class Selection:
    """
    Who is to be synced, and the required new-record fields of the new ones.

    Chosen are those of the *differences* and those with the *numbers*, without the *excluded*. Of
    the differences those to be looked at first are left out, unless *look_first*. *new* holds one
    value (code or unique label) for every new employee, *own_values* others for some.
    """

    differences: frozenset[Difference] = frozenset()
    numbers: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    look_first: bool = False
    new: Mapping[str, str] = field(factory=dict)
    own_values: tuple[OwnValues, ...] = ()


@frozen(kw_only=True)
class KnownAccount:
    """
    Whose account a connection opens, as its system has told, and who has confirmed it.

    *account* is what the store calls it; empty: its system could not be asked, or cannot tell.
    """

    connection: str
    account: str = ""
    customer: Customer = field(factory=Customer)
    at: dt.datetime | None = None
    confirmed_by: str | None = None
    confirmed_at: dt.datetime | None = None


@frozen(kw_only=True)
class Noted:
    """
    One line of the audit log of a company: who has done what, and when.

    *act* and the names of *facts* are those of :mod:`renkei.words.acts`. *hash* covers the line and
    the hash of the line before.
    """

    line: int
    at: dt.datetime
    who: str
    act: str
    run: str | None
    facts: Mapping[str, object]
    hash: str


@frozen(kw_only=True)
class AuditFault:
    """
    What is wrong at a *line* of the audit log.

    ``missing``: it is not there. ``changed``: it, or the one before it, is not as it was written.
    ``end``: the log does not end as it did. ``noted``: it is not the one that was noted elsewhere.
    """

    line: int
    kind: Literal["missing", "changed", "end", "noted"]


@frozen(kw_only=True)
class Audited:
    """How the audit log of a company was found: its last line and its hash, and what is wrong."""

    lines: int
    head: str
    faults: tuple[AuditFault, ...] = ()


@frozen(kw_only=True)
class Estimate:
    """
    What is ahead: *calls* by connection (None: not known yet), time, closed hours on the way.

    It may take *least_s* to *seconds*; both are the same where the like has been measured.
    """

    calls: Mapping[str, int | None]
    seconds: float | None
    least_s: float | None = None
    closed: Mapping[str, tuple[ClosedHours, ...]] = field(factory=dict)
