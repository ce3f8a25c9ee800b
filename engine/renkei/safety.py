"""Safety limits: what the syncs of one day may change without being allowed by a person.

A limit passes a number of people, or a percentage of those listed on the source,
whichever is more: ten employees and ten thousand need no setting.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import asdict, frozen

from renkei.model import Change, Difference, Item, Remark
from renkei.people import FieldSpec, Role
from renkei.words.codes import remark

LEAVING = ("left", "retired", "employed")
"""Roles of the fields that tell whether, and when, somebody leaves."""

ANNOUNCED = ("creates", "updates", "leaving", "returning")
"""The kinds of changes that can be announced."""

KINDS = (*ANNOUNCED, "emptied")
"""The kinds of changes that have a limit; one employee may count for several."""

FIRST = 10
"""The target is only being filled if it has less than one in this many of those on the source."""

Roles = Mapping[str, Role | None]
"""The roles of the target's fields, by name."""


@frozen(kw_only=True)
class Limit:
    """Up to this many *people*, or *percent* of those listed on the source if that is more."""

    people: int
    percent: int

    def of(self, listed: int) -> int:
        """Return how many people pass where *listed* are on the source."""
        return max(self.people, listed * self.percent // 100)


@frozen(kw_only=True)
class Safety:
    """
    The limits of one direction, kept with the connection that is written to.

    *leaving* counts those who get a date of leaving, become retired or are employed no longer,
    *returning* those who lose that date, are retired no longer or employed again, *emptied* those
    who lose another value, *shrink* those missing on the source, or in the target, since the last
    usual fetch.
    """

    creates: Limit = Limit(people=5, percent=30)
    updates: Limit = Limit(people=3, percent=30)
    leaving: Limit = Limit(people=2, percent=5)
    returning: Limit = Limit(people=2, percent=5)
    emptied: Limit = Limit(people=1, percent=2)
    shrink: Limit = Limit(people=2, percent=10)


@frozen(kw_only=True)
class Expected:
    """
    An announcement, beside the limits: how many people of a kind in all, on these days in Japan.

    The first and the last day are among them. *why* stands in the report of a run that passes only
    because of it.
    """

    from_: dt.date
    to: dt.date
    why: str
    creates: int | None = None
    updates: int | None = None
    leaving: int | None = None
    returning: int | None = None

    def holds(self, day: dt.date) -> bool:
        """Return whether *day* is one of its days."""
        return self.from_ <= day <= self.to

    def people(self, kind: str) -> int | None:
        """Return how many of *kind* are announced, None if nobody has spoken of them."""
        number: int | None = asdict(self).get(kind)
        return number


@frozen(kw_only=True)
class Headcount:
    """
    How many people are *listed* on the source, and how many there are in the target (*there*).

    *usual* and *usual_there* are those of the last usual fetch of the pair. None: not known.
    """

    listed: int
    usual: int | None = None
    there: int | None = None
    usual_there: int | None = None


@frozen(kw_only=True)
class Verdict:
    """What of a choice is *unusual*, and the announcements that alone let the rest pass."""

    unusual: tuple[Remark, ...] = ()
    expected: tuple[Remark, ...] = ()


def judge(
    safety: Safety,
    chosen: Iterable[Item],
    specs: Sequence[FieldSpec],
    heads: Headcount,
    *,
    today: Iterable[Item] = (),
    expected: Expected | None = None,
    period: Iterable[Item] = (),
) -> Verdict:
    """
    Return what is over a limit if the *chosen* items are written, and what is only announced.

    *specs* are the target's fields. *today* are those whom earlier syncs of the day have written:
    they count as well. *expected* is an announcement that holds today, *period* those who have been
    written since it began.
    """
    roles = {spec.name: spec.role for spec in specs}
    now, before, since = _Count(chosen, roles), _Count(today, roles), _Count(period, roles)
    unusual, passed = [], []
    for kind in KINDS:
        limit = getattr(safety, kind).of(heads.listed)
        if not now.people[kind]:
            continue  # earlier syncs of the day do not hold up one that adds none of this kind
        # Counted over a day in Japan: docs/decisions/2026-11-28-limits-of-a-day.md
        of_the_day = now.people[kind] | before.people[kind]
        if len(of_the_day) <= limit:
            continue
        announced = _announced(kind, expected, len(now.people[kind] | since.people[kind]))
        if announced and announced.code == "expected_intake":
            passed.append(announced)
            continue
        unusual.append(_over(kind, limit, now, before, heads))
        if announced:
            unusual.append(announced)
    return Verdict(unusual=(*unusual, *shrinking(safety, heads)), expected=tuple(passed))


def _over(kind: str, limit: int, now: _Count, before: _Count, heads: Headcount) -> Remark:
    """Return the remark about a limit: how many, how many pass, how many of them were earlier."""
    earlier = len(before.people[kind] - now.people[kind])
    count = len(now.people[kind]) + earlier
    nearly_empty = heads.there is not None and heads.there * FIRST < heads.listed
    first = kind == "creates" and nearly_empty
    code = "first_registration" if first else f"unusual_{kind}"
    # The limit counts people, which a person can judge; the fields are only named.
    lost = (now.lost + before.lost).most_common() if kind == "emptied" else ()
    return remark(
        code,
        count=f"{count}",
        limit=f"{limit}",
        earlier=f"{earlier or ''}",
        fields=[name for name, _people in lost] or None,
    )


def _announced(kind: str, expected: Expected | None, count: int) -> Remark | None:
    """Return what is to be said of an announcement of *kind*, with this sync *count* people."""
    number = expected and expected.people(kind)
    if not expected or not number:
        return None
    about = {
        "change": kind,
        "most": f"{number}",
        "begin": f"{expected.from_}",
        "end": f"{expected.to}",
        "why": expected.why,
    }
    if count <= number:
        return remark("expected_intake", **about)
    return remark("over_expected", **about, count=f"{count}")


def shrinking(safety: Safety, heads: Headcount) -> Iterator[Remark]:
    """Yield a remark for each side that has unusually many fewer people than were usual."""
    for code, now, usual in (
        ("unusual_shrink", heads.listed, heads.usual),
        ("unusual_shrink_target", heads.there, heads.usual_there),
    ):
        if now is None or usual is None:
            continue
        # Not against the last fetch: after one wrong list the next one would pass.
        if usual - now > safety.shrink.of(usual):
            yield remark(code, count=f"{now}", before=f"{usual}")


class _Count:
    """
    Whom the limits count among *items*: the source's ids by kind, so that nobody counts twice.

    *lost* tells how many lose the value of each field.
    """

    def __init__(self, items: Iterable[Item], roles: Roles) -> None:
        self.people = defaultdict[str, set[str]](set)
        self.lost = Counter[str]()
        for item in items:
            for kind in _kinds(item, roles):
                self.people[kind].add(item.source_id)
            self.lost.update(_lost(item, roles))


def _kinds(item: Item, roles: Roles) -> Iterator[str]:
    """Yield the kinds of changes that writing *item* is."""
    if item.difference is Difference.NEW:
        yield "creates"
    if item.difference is Difference.CHANGED:
        yield "updates"
        if any(leaves(change, roles.get(change.field)) for change in item.changes):
            yield "leaving"
        if not item.was_ahead and any(_returns(change, roles) for change in item.changes):
            yield "returning"
        if _lost(item, roles):
            yield "emptied"


def leaves(change: Change, role: Role | None) -> bool:
    """Tell whether a change of a field with a *role* says that somebody leaves."""
    if role == "employed":
        return change.after is False
    return role in LEAVING and bool(change.after)


def _returns(change: Change, roles: Roles) -> bool:
    """Tell whether somebody loses their date of leaving, or is employed again."""
    match roles.get(change.field):
        case "left":
            return change.before is not None and change.after is None
        case "retired":
            return change.before is True and change.after is False
        case "employed":
            return change.before is False and change.after is True
    return False


def _lost(item: Item, roles: Roles) -> list[str]:
    """Return the fields that lose their value, but for those of somebody who comes back."""
    if item.difference is not Difference.CHANGED:
        return []
    emptied = [each for each in item.changes if each.after is None and each.before is not None]
    return [change.field for change in emptied if not _returns(change, roles)]
