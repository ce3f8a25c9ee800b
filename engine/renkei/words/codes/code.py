"""What a code is: its kind, the parts it speaks of by name, its sentence and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import field, frozen

from renkei.model import Remark


class Kind(StrEnum):
    """Where a code is said."""

    BLOCKED = "blocked"
    """Why an employee cannot be synced."""
    NOTE = "note"
    """What to look at before choosing an employee."""
    OUTCOME = "outcome"
    """Why an employee was not synced."""
    NOTICE = "notice"
    """What there is to know about a whole run, or a command."""
    LIMIT = "limit"
    """What a sync has more of than usual."""
    END = "end"
    """Why a fetch failed or a sync stopped."""


class PartKind(StrEnum):
    """What a part of a remark is, so that it is shown as people know it."""

    TEXT = "text"
    FIELD = "field"
    """A field of the target, or of the system that the remark names."""
    SOURCE_FIELD = "source field"
    VALUE = "value"
    """A value of the field that the remark names."""
    NUMBER = "number"
    DAY = "day"
    CONNECTION = "connection"
    CHANGE = "change"
    """A kind of change that a limit counts."""
    TYPED = "typed"
    """What a person has written: it may say anything of anybody."""


BLOCKED, NOTE, OUTCOME, NOTICE, LIMIT, END = Kind
TEXT, FIELD, SOURCE_FIELD, VALUE, NUMBER, DAY, CONNECTION, CHANGE, TYPED = PartKind


@frozen
class Part:
    """Something that a remark speaks of; *many*: any number of them, as the last part."""

    name: str
    kind: PartKind = TEXT
    many: bool = False


def one(name: str, kind: PartKind = TEXT) -> Part:
    """Return a part that is there once, or not at all."""
    return Part(name, kind)


def many(name: str, kind: PartKind = TEXT) -> Part:
    """Return a part that is there any number of times."""
    return Part(name, kind, many=True)


SYSTEM = (one("system", CONNECTION),)
FIELDS = (many("fields", FIELD),)
NUMBERS = (many("numbers", NUMBER),)


@frozen(kw_only=True)
class Words:
    """
    What a code *says*, and what there is *todo*, as templates of the catalogue.

    ``{NAME}`` is a part, ``{source}`` and ``{target}`` are the systems of the run, and ``{resume}``
    is what to do then: resume, or whatever else a run in its status allows. What stands in ``[…]``
    is left out where the remark does not have its parts.
    """

    says: str
    todo: str = ""


@frozen
class Code:
    """
    One code of the engine.

    Its words are others where a remark has no parts (*bare*), where it is said of a whole run or of
    somebody else (*of_others*) and where it ended a fetch (*of_a_fetch*). *look_first*: a person
    has to look at an employee with this note. *error* is the error that a connector raises with it.
    """

    code: str
    kinds: tuple[Kind, ...]
    says: str = field(kw_only=True)
    todo: str = field(kw_only=True, default="")
    parts: tuple[Part, ...] = field(kw_only=True, default=())
    bare: Words | None = field(kw_only=True, default=None)
    of_others: Words | None = field(kw_only=True, default=None)
    of_a_fetch: Words | None = field(kw_only=True, default=None)
    look_first: bool = field(kw_only=True, default=False)
    error: str | None = field(kw_only=True, default=None)

    @property
    def words(self) -> Words:
        """What it usually says."""
        return Words(says=self.says, todo=self.todo)

    def remark(self, parts: Mapping[str, str | Iterable[str]]) -> Remark:
        """Return the remark of these parts; those behind the last one given take no place."""
        # By position, as the store and JSON documents have it: so the order of the parts of a code
        # never changes, and a new one goes to the end. docs/decisions/2026-11-29-table-of-codes.md
        about: list[str] = []
        filled = 0
        for part in self.parts:
            given = parts.get(part.name, () if part.many else "")
            about += [given] if isinstance(given, str) else given
            if part.name in parts:
                filled = len(about)
        return Remark(self.code, tuple(about[:filled]))

    def read(self, remark: Remark) -> dict[str, tuple[str, ...]]:
        """Return the parts of *remark* by name; what is missing is empty."""
        found = {}
        for place, part in enumerate(self.parts):
            end = None if part.many else place + 1
            found[part.name] = tuple(filter(None, remark.about[place:end]))
        return found
