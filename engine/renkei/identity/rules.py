"""Who is who: whether a number still means one person, and whether somebody new is there already.

The rules are the tables of docs/rules.md. Everything here is evidence: what is unknown says
nothing and stops nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from attrs import frozen

from renkei.identity.names import Name, Names, are_both_same, compare, is_same, is_written, part
from renkei.mapping.model import Substitute
from renkei.people import Employee, FieldSpec, Role, Value, Values

# As evidence alone: as a value, 1900-01-01 is a date like any other.
PLACEHOLDERS = frozenset({dt.date(1900, 1, 1), dt.date(1970, 1, 1)})
"""Days of birth that stand for none."""

_BLANK = frozenset({""})

_GENDERS = {
    **dict.fromkeys(("male", "m", "男", "男性"), "male"),
    **dict.fromkeys(("female", "f", "女", "女性"), "female"),
}


class Birth(StrEnum):
    """How the dates of birth of two people compare."""

    SAME = "same"
    NEAR = "near"
    UNKNOWN = "unknown"
    OTHER = "other"


class Ruling(StrEnum):
    """What the table says of two people; *UNLESS_MAIL*: a note if an address is theirs alone."""

    CLEAR = "-"
    NOTE = "note"
    BLOCK = "block"
    UNLESS_MAIL = "block*"


def _table(text: str) -> dict[tuple[str, ...], str]:
    """Return what a table says, by the names of row and column."""
    head, *rows = (line.split("|") for line in text.strip().splitlines())
    columns = [cell.strip() for cell in head[1:]]
    said: dict[tuple[str, ...], str] = {}
    for name, *cells in rows:
        for column, cell in zip(columns, cells, strict=True):
            said[name.strip(), column] = cell.strip()
    return said


# The two tables are text as in docs/rules.md and its Japanese twin; a test holds them together.
_BY_NUMBER = _table("""
                    | same  | near  | unknown | other
same                | -     | -     | -       | note
same +              | -     | note  | note    | block
family changed      | -     | note  | -       | block
family changed +    | note  | note  | block   | block
given changed       | note  | note  | block*  | block
given changed +     | note  | block | block   | block
both changed        | note  | block | block*  | block
both changed +      | block | block | block   | block
not comparable      | -     | note  | note    | block
not comparable +    | note  | note  | block   | block
""")
"""Two people of one number: how their names compare, + with a contradiction, by date of birth."""


def by_number(names: Names, birth: Birth, *, contradiction: bool) -> Ruling:
    """Return what the table says of two people whom one number pairs."""
    return Ruling(_BY_NUMBER[f"{names} +" if contradiction else names.value, birth.value])


class Twin(StrEnum):
    """What somebody in the target is to somebody new, by code of the remark; empty: nobody."""

    NOBODY = ""
    MAIL_TAKEN = "mail_taken"
    MAYBE_REHIRE = "maybe_rehire"
    MAYBE = "maybe_same_person"
    REHIRE = "rehire"
    SAME = "same_person"


_TWINS = _table("""
                          | there             | left
names and birth same      | same_person       | rehire
given and birth same      | same_person       | rehire
names same, birth open    | maybe_same_person | maybe_rehire
names same, birth other   |                   |
mail of theirs alone      | same_person       | rehire
mail                      | mail_taken        |
""")
"""Somebody of the target beside somebody new: there, or left before the new one is hired."""


@frozen(kw_only=True)
class Person:
    """
    Who somebody is, as one system tells.

    *gender* is ``male`` or ``female``; *mails* are case-folded. None, or nothing: unknown.
    """

    name: Name
    birth: dt.date | None
    gender: str | None
    mails: frozenset[str]
    hired: dt.date | None
    left: dt.date | None


@frozen(kw_only=True)
class Evidence:
    """The fields of one side that tell who somebody is; for names the substituted ones as well."""

    family: tuple[str, ...]
    given: tuple[str, ...]
    birth: str | None
    gender: str | None
    email: str | None
    hired: str | None
    left: str | None

    @classmethod
    def of(cls, specs: Iterable[FieldSpec], substitutes: Iterable[Substitute]) -> Evidence:
        """Return what can be told from *specs*, with the *substitutes* of their side."""
        by_role: dict[Role, str] = {spec.role: spec.name for spec in specs if spec.role}
        stand_ins: dict[str, list[str]] = {}
        for each in substitutes:
            for name, other in each.fields.items():
                stand_ins.setdefault(name, []).append(other)

        def names(*roles: Role) -> tuple[str, ...]:
            own = [by_role[role] for role in roles if role in by_role]
            found = [*own]
            # as good as the legal ones, whether the setting of the mapping is on or off
            for name in own:
                found += stand_ins.get(name, ())
            return tuple(dict.fromkeys(found))

        return cls(
            family=names("family_name", "family_kana"),
            given=names("given_name", "given_kana"),
            birth=by_role.get("birth"),
            gender=by_role.get("gender"),
            email=by_role.get("email"),
            hired=by_role.get("hired"),
            left=by_role.get("left"),
        )

    @property
    def who(self) -> tuple[str, ...]:
        """The names of the fields that tell who somebody is, whenever they are employed."""
        single = (self.birth, self.gender)
        return (*self.family, *self.given, *filter(None, single))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of all these fields."""
        single = (self.email, self.hired, self.left)
        return (*self.who, *filter(None, single))

    def person(self, employee: Employee, unknown_births: Collection[dt.date] = ()) -> Person:
        """Return who *employee* is; a date of birth that stands for none is unknown."""
        values = employee.values
        birth = self.birth_of(employee)
        said = values.get(self.gender or "")
        gender = _GENDERS.get(said.strip().casefold()) if isinstance(said, str) else None
        return Person(
            name=self.name(employee),
            birth=None if birth in unknown_births else birth,
            gender=gender,
            mails=self.mails(employee),
            hired=_day(values.get(self.hired or "")),
            left=_day(values.get(self.left or "")),
        )

    def reads_as(self, ours: Values, other: Evidence, theirs: Values) -> bool:
        """Tell whether both read the same, with a name and without a date of leaving on either."""
        if not (self.family and self.given and other.family and other.given):
            return False
        family, given = ours.get(self.family[0]), ours.get(self.given[0])
        if not (is_written(family) and is_written(given)):
            return False
        if family != theirs.get(other.family[0]) or given != theirs.get(other.given[0]):
            return False
        if ours.get(self.birth or "") != theirs.get(other.birth or ""):
            return False
        if ours.get(self.gender or "") != theirs.get(other.gender or ""):
            return False
        # who has left on either side may have a gap, which only the rules weigh
        return not (ours.get(self.left or "") or theirs.get(other.left or ""))

    def name(self, employee: Employee) -> Name:
        """Return what *employee* is called."""
        values = employee.values
        return Name(
            part([values.get(name) for name in self.family]),
            part([values.get(name) for name in self.given]),
        )

    def birth_of(self, employee: Employee) -> dt.date | None:
        """Return the date of birth of *employee*; None if it is unknown or stands for none."""
        birth = _day(employee.values.get(self.birth or ""))
        return None if birth in PLACEHOLDERS else birth

    def mails(self, employee: Employee) -> frozenset[str]:
        """Return all addresses of *employee*, case aside."""
        if self.email is None:
            return frozenset()
        return mails_of((employee.values.get(self.email), *employee.others.get(self.email, ())))


def mails_of(said: Iterable[Value]) -> frozenset[str]:
    """Return the addresses in what somebody has *said*, case aside."""
    return frozenset([text.strip().casefold() for text in said if isinstance(text, str)]) - _BLANK


@frozen(kw_only=True)
class Likeness:
    """How two people compare. *is_whole*: their names are the same only as a whole."""

    names: Names
    is_whole: bool
    birth: Birth
    genders_differ: bool
    gap: bool

    @property
    def ruling(self) -> Ruling:
        """What the table says, if one number pairs them."""
        contradiction = self.genders_differ or self.gap
        return by_number(self.names, self.birth, contradiction=contradiction)

    @property
    def is_suspicious(self) -> bool:
        """Whether the number may have moved on: somebody else of the target may be meant."""
        changed = self.names in (Names.FAMILY, Names.GIVEN, Names.BOTH)
        return changed or self.birth in (Birth.NEAR, Birth.OTHER)


def likeness(a: Person, b: Person) -> Likeness:
    """Return how two people compare."""
    names, is_whole = compare(a.name, b.name)
    return Likeness(
        names=names,
        is_whole=is_whole,
        birth=births(a.birth, b.birth),
        genders_differ=_genders_differ(a, b),
        gap=is_gap(a.left, b.hired) or is_gap(b.left, a.hired),
    )


def _genders_differ(a: Person, b: Person) -> bool:
    """Tell whether two genders are known, and not the same."""
    if a.gender is None or b.gender is None:
        return False
    return a.gender != b.gender


def births(a: dt.date | None, b: dt.date | None) -> Birth:
    """Return how two dates of birth compare; None is unknown."""
    if a is None or b is None:
        return Birth.UNKNOWN
    if a == b:
        return Birth.SAME
    differing = (a.year != b.year) + (a.month != b.month) + (a.day != b.day)
    exchanged = a.year == b.year and (a.month, a.day) == (b.day, b.month)
    return Birth.NEAR if differing == 1 or exchanged else Birth.OTHER


def is_gap(left: dt.date | None, hired: dt.date | None) -> bool:
    """Tell whether somebody had left on or before the day on which another was hired."""
    return left is not None and hired is not None and left <= hired


def is_twin_by_birth(new: Person, other: Person) -> bool:
    """Tell whether somebody has names and date of birth of somebody new, be the family name new."""
    if births(new.birth, other.birth) is not Birth.SAME:
        return False
    if are_both_same(new.name, other.name):
        return True
    return is_same(new.name.given, other.name.given) and not _genders_differ(new, other)


def twin(new: Person, other: Person, base: dt.date, *, alone: bool) -> Twin:
    """
    Return what *other*, who is in the target, is to somebody *new*.

    *alone*: an address that both have is nobody else's on either side.
    """
    column = "left" if _is_over(new, other, base) else "there"
    both = are_both_same(new.name, other.name)
    is_other = births(new.birth, other.birth) is Birth.OTHER
    rows = []
    if is_twin_by_birth(new, other):
        rows.append("names and birth same" if both else "given and birth same")
    elif both:
        rows.append("names same, birth other" if is_other else "names same, birth open")
    if new.mails & other.mails:
        is_theirs = alone and not is_other
        rows.append("mail of theirs alone" if is_theirs else "mail")
    found = [Twin(_TWINS[row, column]) for row in rows]
    # the members of Twin are in order, the most certain last
    return max(found, key=list(Twin).index, default=Twin.NOBODY)


def _is_over(new: Person, other: Person, base: dt.date) -> bool:
    """Tell whether *other* had left before the *new* one is hired; by the base date if unknown."""
    return is_gap(other.left, new.hired or base)


def _day(value: Value) -> dt.date | None:
    return value if isinstance(value, dt.date) else None


def placeholders(births_of_side: Mapping[dt.date, int], people: int) -> frozenset[dt.date]:
    """Return the days of birth that at least three people, and one in a hundred, carry."""
    return frozenset(
        day for day, count in births_of_side.items() if count >= 3 and count * 100 >= people
    )
