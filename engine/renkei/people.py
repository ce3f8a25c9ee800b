"""Records that connectors speak: employees, fields and choices, free of any one system."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from attrs import field, frozen

JST = ZoneInfo("Asia/Tokyo")

Value = str | dt.date | int | bool | None
"""One value of one employee; None is known to be empty."""

Values = Mapping[str, Value]
"""Values by field name; a field that is absent is unknown."""

Others = Mapping[str, tuple[Value, ...]]
"""Further values by field name, none of them empty."""

Type = Literal["text", "date", "integer", "boolean"]
CLASSES: Mapping[Type, type] = {"text": str, "date": dt.date, "integer": int, "boolean": bool}
"""What Python calls a value of each type; exactly this, no subclass."""

Role = Literal[
    "number", "family_name", "given_name", "birth", "hired", "left", "retired",
    "family_kana", "given_kana", "gender", "email", "employed",
]  # fmt: skip
Lacking = Literal[
    "family_name", "given_name", "birth", "hired", "left", "retired",
    "family_kana", "given_kana", "gender", "email", "employed",
]  # fmt: skip
"""Roles that an account may be said not to have."""
ROLE_TYPES: Mapping[Role, Type] = {
    "number": "text", "family_name": "text", "given_name": "text", "birth": "date",
    "hired": "date", "left": "date", "retired": "boolean", "family_kana": "text",
    "given_kana": "text", "gender": "text", "email": "text", "employed": "boolean",
}  # fmt: skip
"""The type that a field has because of its role; since renkei 0.2."""
OPTIONAL_ROLES = frozenset[Role]({"family_kana", "given_kana", "gender", "email", "employed"})
"""Roles that are evidence, no more: unknown for everybody stops no fetch."""

EMPLOYED = "@employed"
"""The field that renkei works out for a system with dates: whether somebody is on the roll."""

Write = Literal["always", "create", "never"]
Need = Literal["base_url", "token"]
"""What a connection has to say so that its connector can get in."""
NEEDS: tuple[Need, ...] = get_args(Need)

Parallel = Literal["pages", "writes"]
"""What may be on its way to a system several at a time: pages of a list, and writes."""
PARALLEL: tuple[Parallel, ...] = get_args(Parallel)


@frozen
class Label:
    """What a person reads, in both languages."""

    ja: str
    en: str


@frozen(kw_only=True)
class FieldSpec:
    """
    One field of a system, described without asking the system.

    *write* tells when the field can be sent: a ``create`` field cannot be changed afterwards.
    *required*: the system refuses a new employee without it. *wanted*: it often does, depending on
    its settings. *clearable*: it can be emptied again. *allowed*: the only values it takes;
    *allowed_labels* what people call them, in the same order, or nothing. *encoding*: what
    it cannot say is refused, as a file of that encoding has no character for it. *dated*: its value
    depends on the day it is asked for. *offered*: the choices for a new employee are among the
    connector's ``new_employee_fields``. *path*, since renkei 0.2, is where the field stands in a
    record, for :class:`renkei.connector.Records`: keys with dots between them, or a tuple of keys
    where a key holds a dot itself; None: under its name.
    """

    name: str
    label: Label
    type: Type = "text"
    role: Role | None = None
    required: bool = False
    wanted: bool = False
    write: Write = "always"
    clearable: bool = True
    allowed: tuple[str, ...] | None = None
    allowed_labels: tuple[Label, ...] = ()
    max_length: int | None = None
    encoding: str | None = None
    dated: bool = False
    offered: bool = False
    path: str | tuple[str, ...] | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that lead to the field in a record, from the outside to the inside."""
        if self.path is None:
            return (self.name,)
        if isinstance(self.path, str):
            return tuple(self.path.split("."))
        return self.path


@frozen(kw_only=True)
class OwnFields:
    """
    The fields that one account has beside those of every account; since renkei 0.2.

    *gone* are names of those that it had before. *at*: when they were read; None: never.
    """

    specs: tuple[FieldSpec, ...] = ()
    gone: frozenset[str] = frozenset()
    at: dt.datetime | None = None


@frozen(kw_only=True)
class Customer:
    """
    Whose account it is, as its system tells; since renkei 0.2.

    *ids* are what the system itself calls the company, or each of several: who shares one of them
    with another time is the same. *corporate_numbers* are their 法人番号, 13 digits each.
    """

    name: str = ""
    ids: tuple[str, ...] = ()
    corporate_numbers: tuple[str, ...] = ()

    @property
    def is_told(self) -> bool:
        """Whether the system has told anything."""
        return bool(self.name or self.ids or self.corporate_numbers)


@frozen(kw_only=True)
class Employee:
    """
    One person as one system knows them.

    A field absent from *values* is unknown; None is known to be empty. *others* has the further
    values of fields that hold several: the one in *values* is compared and replaced, the others
    count as the same and stay. *unreadable* names the fields whose value the connector could not
    make sense of: they are unknown, and the person cannot be synced. *withheld* are those of them
    from which the engine has taken a My Number. *extra* is whatever the
    connector wants back when it updates this person.
    """

    id: str
    values: Values
    unreadable: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    extra: object = None
    others: Others = field(factory=dict)


@frozen(kw_only=True)
class BatchWrite:
    """
    One write of a batch; since renkei 0.2.

    *current* is the employee as last read, of whom *values* are the changes; None: somebody new.
    """

    values: Values
    current: Employee | None = None


@frozen(kw_only=True)
class Ref:
    """Whom to read again: one employee by *id*, or everybody who carries *number*."""

    id: str | None = None
    number: str | None = None


@frozen
class Choice:
    """
    One value a required new-record field can take; *label* is the system's own text.

    *detail* is what tells it from another one of the same label, such as an address. A connector
    may always give it; it is kept only where it is needed.
    """

    code: str
    label: str
    detail: str = ""

    @property
    def shown(self) -> str:
        """What people see."""
        text = self.label or self.code
        return f"{text} ({self.detail})" if self.detail else text


@frozen
class NewField:
    """A required new-record field with the choices the system offers at this moment."""

    name: str
    label: Label
    choices: tuple[Choice, ...]


@frozen
class Finding:
    """
    One thing a check found out.

    *level* ``ok`` has been tried and works, ``note`` is good to know and not tried, ``warning``
    should be looked at, ``problem`` stops the work.
    """

    level: Literal["ok", "note", "warning", "problem"]
    message: str


@frozen
class Account:
    """Whom a token belongs to: the account's own name, and what the token may do there."""

    name: str
    findings: tuple[Finding, ...] = ()


@frozen
class RequestLimit:
    """At most *count* requests in any *window_s* seconds."""

    count: int
    window_s: float


@frozen
class ClosedHours:
    """Hours of every day (JST) in which a system refuses calls: *start* inside, *end* outside."""

    start: dt.time
    end: dt.time

    def reopening(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the hours that hold *at* end, as an aware instant, or None outside them."""
        local = at.astimezone(JST)
        if not self.start <= local.time() < self.end:
            return None
        return local.replace(
            hour=self.end.hour, minute=self.end.minute, second=self.end.second, microsecond=0
        )

    def __str__(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"
