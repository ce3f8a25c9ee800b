"""The rules of comparing once more, in plain words, for people made of text alone.

The state machine compares renkei with this; nothing of the engine is used here.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from attrs import frozen

PAIRS = {
    "emp_code": "code",
    "last_name": "lastName",
    "first_name": "firstName",
    "last_name_yomi": "lastNamePhonetics",
    "first_name_yomi": "firstNamePhonetics",
    "gender": "gender",
    "birth_at": "birthDate",
    "entered_at": "hiredDate",
    "resigned_at": "resignationDate",
    "email": "emailAddresses",
}
NUMBER = "emp_code"
IDENTITY = ("last_name", "first_name", "birth_at")

Person = Mapping[str, str | None]
"""What is paired, under SmartHR's names."""

People = Mapping[str, Person]
"""Everybody in one system, by id."""


@frozen
class Planned:
    """How somebody of the source compares; *changes* has the fields that differ."""

    number: str | None
    difference: str
    target_id: str | None = None
    changes: frozenset[str] = frozenset()


def heard(system: str, said: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what a record, or the body of a write, says of the paired fields that it holds."""
    names = {name: name for name in PAIRS} if system == "smarthr" else PAIRS
    return {name: _text(said[theirs]) for name, theirs in names.items() if theirs in said}


def whole(system: str, record: Mapping[str, Any]) -> dict[str, str | None]:
    """Return somebody in *system*: what is left out is empty."""
    return dict.fromkeys(PAIRS) | heard(system, record)


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return value or None


def listed(person: Person, base: dt.date) -> bool:
    """Return whether somebody is employed on *base*."""
    hired, left = person["entered_at"], person["resigned_at"]
    day = base.isoformat()
    return not (hired and hired > day) and not (left and left <= day)


def plan(
    source: People, target: People, base: dt.date, *, clears: bool, nameless: Collection[str]
) -> dict[str, Planned]:
    """
    Return how everybody who is listed compares.

    *clears*: an empty leaving date is written. *nameless*: who is in the target without a number.
    """
    numbers = Counter(who[NUMBER] for who in source.values() if listed(who, base))
    theirs = {who[NUMBER] for who in target.values()}
    found = {}
    for identity, person in source.items():
        if not listed(person, base):
            continue
        number = person[NUMBER]
        partners = [key for key, who in target.items() if number and who[NUMBER] == number]
        lone = partners[0] if len(partners) == 1 else None
        blocked = (
            number is None
            or numbers[number] > 1
            or len(partners) > 1
            or (not partners and number in nameless)
            or (not partners and any(_alike(number, other) for other in theirs))
            or (lone is not None and all(target[lone][f] != person[f] for f in IDENTITY))
        )
        changes = frozenset[str]()
        if lone is not None and not blocked:
            changes = frozenset(_changes(person, target[lone], clears=clears))
        kind = "blocked" if blocked else "changed" if changes else "same" if lone else "new"
        found[identity] = Planned(number, kind, lone, changes)
    return found


def _changes(ours: Person, theirs: Person, *, clears: bool) -> Iterable[str]:
    for name in PAIRS.keys() - {NUMBER}:
        may_empty = clears and name == "resigned_at"
        if ours[name] != theirs[name] and (ours[name] is not None or may_empty):
            yield name


def _alike(number: str | None, other: str | None) -> bool:
    return number is not None and other is not None and _bare(number) == _bare(other)


def _bare(number: str) -> str:
    return unicodedata.normalize("NFKC", number).lstrip("0")
