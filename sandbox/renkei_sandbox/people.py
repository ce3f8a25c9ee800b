"""One roster of invented people, put into both systems so that comparing them is interesting."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import define, evolve

from renkei_sandbox import names
from renkei_sandbox.messages import Fields
from renkei_sandbox.smarthr import SmartHR
from renkei_sandbox.touchontime import TouchOnTime

CHANGED, NEW = 5, 1
"""How many have changed, and are new, in each of several companies."""

_FEWEST_WITH_CASES: Final = 40
_ADDRESS: Final = {
    "country_number": "392",
    "zip_code": "100-0000",
    "pref": "東京都",
    "city": "架空市",
    "street": "見本町1-2-3",
    "building": "",
    "literal_yomi": "",
}


@define(kw_only=True)
class Person:
    """Somebody as an administrator of both systems would describe them."""

    number: str | None
    family: names.Name
    given: names.Name
    gender: str | None
    birth: dt.date
    hired: dt.date
    left: dt.date | None
    emails: tuple[str, ...]
    place: int
    smarthr: Mapping[str, Any]
    """Values that SmartHR has otherwise than usual."""
    touchontime: Mapping[str, Any]
    """Values that Touch On Time has otherwise than usual; None is left out."""

    def for_smarthr(self, box: SmartHR) -> Fields:
        """Return the person in SmartHR's words."""
        tables = box.masters
        departments, kinds = tables["departments"], tables["employment_types"]
        places = tables["biz_establishments"]
        return {
            "emp_code": self.number,
            "last_name": self.family[0],
            "first_name": self.given[0],
            "last_name_yomi": self.family[1],
            "first_name_yomi": self.given[1],
            "gender": self.gender,
            "birth_at": self.birth.isoformat(),
            "entered_at": self.hired.isoformat(),
            "resigned_at": self.left and self.left.isoformat(),
            "email": self.emails[0] if self.emails else None,
            "address": _ADDRESS,
            "biz_establishment_id": places[self.place % len(places)]["id"],
            "employment_type_id": kinds[self.place % 3]["id"],
            "department_ids": [departments[self.place % len(departments)]["id"]],
            **self.smarthr,
        }

    def for_touchontime(self, box: TouchOnTime) -> Fields:
        """Return the person in Touch On Time's words."""
        divisions, kinds = box.masters["divisions"], box.masters["working-types"]
        values: Fields = {
            "code": self.number,
            "divisionCode": divisions[self.place % len(divisions)]["code"],
            "typeCode": kinds[self.place % len(kinds)]["code"],
            "gender": self.gender,
            "lastName": self.family[0],
            "firstName": self.given[0],
            "lastNamePhonetics": self.family[1],
            "firstNamePhonetics": self.given[1],
            "birthDate": self.birth.isoformat(),
            "hiredDate": self.hired.isoformat(),
            "resignationDate": self.left and self.left.isoformat(),
            "emailAddresses": list(self.emails) or None,
            **self.touchontime,
        }
        return {name: value for name, value in values.items() if value is not None}


@define
class Case:
    """One person of the roster, and the systems that know them."""

    name: str | None
    person: Person
    on_smarthr: bool = True
    on_touchontime: bool = True


Made = Iterator[tuple[str, Case]]


def populate(
    smarthr: SmartHR, touchontime: TouchOnTime, people: int, seed: int
) -> dict[str, list[str]]:
    """Put *people* into both systems; return the numbers of the awkward ones by case."""
    from renkei_sandbox.cases import CASES

    today = smarthr.clock.today()
    awkward = CASES if people >= _FEWEST_WITH_CASES else ()
    clean = people - len(awkward)
    found: dict[str, list[str]] = defaultdict(list)
    for index, person in enumerate(_roster(people, seed, today)):
        maker = _ordinary if index < clean else awkward[index - clean]
        for case in maker(person, index, today):
            if case.name is not None:
                found[case.name].append(case.person.number or "")
            if case.on_smarthr:
                smarthr.add(**case.person.for_smarthr(smarthr))
            if case.on_touchontime:
                touchontime.add(**case.person.for_touchontime(touchontime))
    return dict(found)


def populate_evenly(
    smarthr: SmartHR, touchontime: TouchOnTime, people: int, seed: int, domain: str
) -> None:
    """Put *people* into both systems: some have married for SmartHR alone, one it alone knows."""
    for index, person in enumerate(_roster(people, seed, smarthr.clock.today(), domain)):
        case = _married(person) if index < CHANGED else Case(None, person)
        smarthr.add(**case.person.for_smarthr(smarthr))
        if index < people - NEW:
            touchontime.add(**case.person.for_touchontime(touchontime))


def _roster(
    people: int, seed: int, today: dt.date, domain: str = "example.com"
) -> Iterator[Person]:
    """Yield clean people with numbers of one width; the same ones for the same seed and day."""
    chance = random.Random(seed)
    width = max(4, len(str(people)))

    def pick(below: int) -> int:
        return int(chance.random() * below)

    for index in range(people):
        number = f"{index + 1:0{width}d}"
        gender = "male" if chance.random() < 0.5 else "female"
        given = names.GIVEN[gender]
        birth = today - dt.timedelta(days=365 * 22 + pick(365 * 38))
        yield Person(
            number=number,
            family=names.FAMILY[pick(len(names.FAMILY))],
            given=given[pick(len(given))],
            gender=gender,
            birth=birth,
            hired=today - dt.timedelta(days=40 + pick(365 * 15)),
            left=None,
            emails=(f"p{number}@{domain}",),
            place=pick(12),
            smarthr={},
            touchontime={},
        )


def _ordinary(person: Person, index: int, today: dt.date) -> Iterator[Case]:
    """Yield somebody known to both sides alike, or with one simple difference now and then."""
    simple = _SIMPLE.get(index % 20)
    rare = _RARE.get(index % 40)
    if simple is not None:
        yield simple(person)
    elif rare is not None:
        yield Case(None, rare(person, today))
    else:
        yield Case(None, person)


def changed(person: Person, smarthr: Fields | None = None, **touchontime: object) -> Person:
    """Return *person* with values that only one system has."""
    return evolve(person, smarthr=smarthr or {}, touchontime=touchontime)


def narrow(katakana: str) -> str:
    """Return *katakana* in half width, voiced marks as characters of their own."""
    return katakana.translate(_HALF)


def _married(person: Person) -> Case:
    others = [name for name in names.FAMILY if name[0] != person.family[0]]
    family = names.FAMILY[sum(map(ord, person.number or "")) % len(names.FAMILY)]
    if family not in others:
        family = others[0]
    return Case(None, changed(person, {"last_name": family[0], "last_name_yomi": family[1]}))


_FULL = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホ"
    "マミムメモヤユヨラリルレロワヲンァィゥェォャュョッー"
)
_THIN = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰ"


def _half() -> Mapping[int, str]:
    halves = dict(zip(_FULL, _THIN, strict=True))
    # Unicode has the voiced letter behind the plain one, and the half-voiced one behind that
    for plain in "カキクケコサシスセソタチツテトハヒフヘホ":
        halves[chr(ord(plain) + 1)] = halves[plain] + "ﾞ"
    for plain in "ハヒフヘホ":
        halves[chr(ord(plain) + 2)] = halves[plain] + "ﾟ"
    return str.maketrans(halves)


_HALF: Final = _half()

_SIMPLE: Final[Mapping[int, Callable[[Person], Case]]] = {
    3: lambda person: Case(None, person, on_touchontime=False),
    5: lambda person: Case(None, person, on_smarthr=False),
    7: _married,
    9: lambda person: Case(None, changed(person, {"email": f"new.{person.emails[0]}"})),
}
_RARE: Final[Mapping[int, Callable[[Person, dt.date], Person]]] = {
    27: lambda person, today: changed(
        person, {"resigned_at": (today + dt.timedelta(days=40)).isoformat()}
    ),
    31: lambda person, _: changed(
        person,
        lastNamePhonetics=narrow(person.family[1]),
        firstNamePhonetics=narrow(person.given[1]),
    ),
    37: lambda person, _: changed(
        person, birthDate=(person.birth + dt.timedelta(days=1)).isoformat()
    ),
}
