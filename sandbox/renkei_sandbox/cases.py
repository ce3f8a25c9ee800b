"""The awkward people: each case that a sync must survive, once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final

from attrs import evolve

from renkei_sandbox.messages import Fields
from renkei_sandbox.people import Case, Person, changed

Maker = Callable[[Person, int, dt.date], Iterator[Case]]

_WIDE: Final = str.maketrans("0123456789", "０１２３４５６７８９")


def _one(
    name: str,
    change: Callable[[Person, dt.date], Person],
    *,
    on_smarthr: bool = True,
    on_touchontime: bool = True,
) -> Maker:
    """Return a maker of one person."""

    def make(person: Person, _: int, today: dt.date) -> Iterator[Case]:
        yield Case(name, change(person, today), on_smarthr, on_touchontime)

    return make


def _values(name: str, smarthr: Fields | None = None, **touchontime: object) -> Maker:
    """Return a maker of somebody of whom single values differ."""
    return _one(name, lambda person, _: changed(person, smarthr, **touchontime))


def _left(name: str, days: int) -> Maker:
    """Return a maker of somebody whose last day only SmartHR knows."""
    return _one(
        name,
        lambda person, today: changed(
            person, {"resigned_at": (today + dt.timedelta(days=days)).isoformat()}
        ),
    )


def _named(name: str, family: tuple[str, str], given: tuple[str, str]) -> Maker:
    """Return a maker of somebody with a name of our choice, the same on both sides."""
    return _one(name, lambda person, _: evolve(person, family=family, given=given))


def _duplicates(person: Person, _: int, __: dt.date) -> Iterator[Case]:
    yield Case("duplicate_number", person)
    other = evolve(person, given=("薫", "カオル"), emails=("kaoru@example.jp",))
    yield Case("duplicate_number", other, on_touchontime=False)


def _near(name: str, number: Callable[[str], str]) -> Maker:
    """Return a maker of somebody whose number is written differently in SmartHR."""
    return _one(name, lambda person, _: changed(person, {"emp_code": number(person.number or "")}))


def _somebody_else(person: Person, today: dt.date) -> Person:
    born = today - dt.timedelta(days=365 * 61)
    return changed(
        person,
        lastName="別府",
        firstName="一",
        lastNamePhonetics="ベップ",
        firstNamePhonetics="ハジメ",
        birthDate=born.isoformat(),
    )


CASES: Final[tuple[Maker, ...]] = (
    _one("no_number", lambda person, _: evolve(person, number=None), on_touchontime=False),
    _duplicates,
    _near("near_zeros", lambda number: f"0{number}"),
    _near("near_width", lambda number: number.translate(_WIDE)),
    _near("near_space", lambda number: f"{number}\u3000"),
    _values("no_kana_smarthr", {"last_name_yomi": None, "first_name_yomi": None}),
    _values("no_kana_touchontime", lastNamePhonetics=None, firstNamePhonetics=None),
    _values("kana_hiragana", {"last_name_yomi": "ヤマネ"}, lastNamePhonetics="やまね"),
    _one("two_emails", lambda p, _: evolve(p, emails=(*p.emails, "spare@example.jp"))),
    _one(
        "two_emails_changed",
        lambda p, _: evolve(
            p, emails=(*p.emails, "spare2@example.jp"), smarthr={"email": "moved@example.com"}
        ),
    ),
    _values("no_email_smarthr", {"email": None}),
    _one(
        "future_hire",
        lambda p, today: evolve(p, hired=today + dt.timedelta(days=20)),
        on_touchontime=False,
    ),
    _one("future_hire_both", lambda p, today: evolve(p, hired=today + dt.timedelta(days=30))),
    _one("hired_today", lambda p, today: evolve(p, hired=today), on_touchontime=False),
    _left("resigned_yesterday", -1),
    _left("resigned_today", 0),
    _left("resigned_tomorrow", 1),
    _one(
        "resigned_in_target",
        lambda p, today: changed(p, resignationDate=(today - dt.timedelta(days=30)).isoformat()),
    ),
    _values("retired_without_date", {"emp_status": "retired"}),
    _values("on_leave", {"emp_status": "absent"}),
    _values(
        "business_name",
        {
            "business_last_name": "星野",
            "business_first_name": "明",
            "business_last_name_yomi": "ホシノ",
            "business_first_name_yomi": "アキラ",
        },
    ),
    _values("business_name_no_kana", {"business_last_name": "月岡", "business_first_name": "灯"}),
    _one("no_gender", lambda p, _: changed(p, {"gender": None}), on_touchontime=False),
    _named("rare_kanji", ("髙﨑", "タカサキ"), ("𠮷乃", "ヨシノ")),
    _named("variation_selector", ("葛\U000e0100城", "カツラギ"), ("渚", "ナギサ")),
    _one(
        "kanji_variant",
        lambda p, _: evolve(p, family=("髙橋", "タカハシ"), touchontime={"lastName": "高橋"}),
    ),
    _one("leading_zeros", lambda p, _: evolve(p, number=f"000{p.number}")),
    _one("letters", lambda p, _: evolve(p, number=f"A{p.number}")),
    _one("same_number_other_person", _somebody_else),
    _named("long_name", ("勅使河原武者小路" * 4, "テシガワラムシャノコウジ" * 4), ("和", "ナゴミ")),
)
