"""Who is who, cell by cell: a number that may be somebody else's by now, twins of new people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import product

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.world import spec
from tests.sampling import examples

from renkei.identity.crowd import Crowd, Crowds, Judged
from renkei.identity.roster import Roster
from renkei.identity.rules import Birth, Evidence, births, placeholders, twin
from renkei.identity.rules import Twin as Kind
from renkei.mapping import Substitute
from renkei.model import Remark
from renkei.people import Employee, FieldSpec, Value

BASE = dt.date(2026, 11, 20)
BORN = dt.date(1975, 2, 14)

SPECS = (
    spec("number", role="number"),
    spec("family", role="family_name"),
    spec("family_kana", role="family_kana"),
    spec("given", role="given_name"),
    spec("given_kana", role="given_kana"),
    spec("business"),
    spec("birth", type="date", role="birth"),
    spec("gender", role="gender"),
    spec("hired", type="date", role="hired"),
    spec("left", type="date", role="left"),
    spec("mail", role="email"),
)
HANAKO: dict[str, Value] = {
    "number": "0042", "family": "見本", "family_kana": "ミホン", "given": "花子",
    "given_kana": "ハナコ", "birth": BORN, "gender": "female", "hired": dt.date(2010, 4, 1),
    "left": None, "mail": "hanako@example.jp",
}  # fmt: skip
OTHERS_MAIL: dict[str, Value] = {"mail": "other@example.jp"}

NAMES: dict[str, dict[str, Value]] = {
    "same": {},
    "family changed": {"family": "手本", "family_kana": "テホン"},
    "given changed": {"given": "岳", "given_kana": "ガク"},
    "both changed": {
        "family": "手本",
        "family_kana": "テホン",
        "given": "岳",
        "given_kana": "ガク",
    },
    "not comparable": {"family": "Smith", "family_kana": None, "given": "Ann", "given_kana": None},
}
BIRTHS: dict[str, list[dict[str, Value]]] = {
    "same": [{}],
    "near": [{"birth": dt.date(1976, 2, 14)}, {"birth": dt.date(1975, 3, 14)},
             {"birth": dt.date(1975, 2, 15)}],
    "unknown": [{"birth": None}, {"birth": dt.date(1900, 1, 1)}, {"birth": dt.date(1970, 1, 1)}],
    "other": [{"birth": dt.date(2001, 7, 9)}, {"birth": dt.date(1975, 3, 15)}],
}  # fmt: skip
CONTRADICTIONS: dict[str, list[dict[str, Value]]] = {
    "no": [{}, {"gender": None}, {"hired": None}],
    "yes": [{"gender": "male"}, {"hired": dt.date(2000, 4, 1), "left": dt.date(2010, 4, 1)}],
}

BY_NUMBER = """
| names | contradiction | birth same | near | unknown | other |
| --- | --- | --- | --- | --- | --- |
| same | no | – | – | – | note |
| same | yes | – | note | note | block |
| family changed | no | – | note | – | block |
| family changed | yes | note | note | block | block |
| given changed | no | note | note | block* | block |
| given changed | yes | note | block | block | block |
| both changed | no | note | block | block* | block |
| both changed | yes | block | block | block | block |
| not comparable | no | – | note | note | block |
| not comparable | yes | note | note | block | block |
"""


def cells() -> list[tuple[str, str, str, str]]:
    """Return names, contradiction, birth and what the rules say."""
    found = []
    for line in BY_NUMBER.strip().splitlines()[2:]:
        names, contradiction, *verdicts = (cell.strip() for cell in line.strip("|").split("|"))
        for birth, verdict in zip(BIRTHS, verdicts, strict=True):
            found.append((names, contradiction, birth, verdict))
    return found


def person(identity: str, **more: Value) -> Employee:
    """Return 見本 花子, or who differs from her in some fields."""
    return Employee(id=identity, values={**HANAKO, **more})


def called(people: Sequence[Employee]) -> tuple[str, ...]:
    """Return the numbers of *people*, or the ids of those who have none."""
    return tuple(str(each.values["number"] or each.id) for each in people)


def crowds(
    source: list[Employee],
    target: list[Employee],
    specs: tuple[FieldSpec, ...] = SPECS,
    substitutes: tuple[Substitute, ...] = (),
) -> Crowds:
    """Return both lists as evidence."""
    evidence = Evidence.of(specs, substitutes)
    ours, theirs = (
        Crowd(Roster.of(specs, "number", people), evidence) for people in (source, target)
    )
    return Crowds(ours, theirs, BASE, called)


def judged(a: Employee, b: Employee, *, source: tuple[Employee, ...] = (),
           target: tuple[Employee, ...] = ()) -> Judged:  # fmt: skip
    """Return what two people of one number are, among others."""
    return crowds([a, *source], [b, *target]).judge(a, b)


def codes(found: Judged) -> list[str]:
    """Return the codes of reasons, and of notes."""
    return [remark.code for remark in (*found.reasons, *found.notes)]


@pytest.mark.parametrize(("names", "contradiction", "birth", "verdict"), cells())
def test_a_number_is_still_somebodys_or_not(
    names: str, contradiction: str, birth: str, verdict: str
) -> None:
    """Each cell, with each kind of birth date and contradiction, from either side."""
    for born, against in product(BIRTHS[birth], CONTRADICTIONS[contradiction]):
        ours = person("s", **OTHERS_MAIL)
        theirs = person("t", **NAMES[names], **born, **against)
        expected = {"–": [], "note": ["identity_changed"]}.get(verdict, ["other_person"])
        if "left" in against and verdict in ("–", "note"):
            expected = [*expected, "rehire"]
        assert codes(judged(ours, theirs)) == codes(judged(theirs, ours)) == expected


@pytest.mark.parametrize(("names", "contradiction", "birth", "verdict"), cells())
def test_one_address_of_their_own_lifts_a_star_and_nothing_else(
    names: str, contradiction: str, birth: str, verdict: str
) -> None:
    """With the same address, nobody else's, block* is a note; all other cells stay."""
    ours = person("s")
    for born, against in product(BIRTHS[birth], CONTRADICTIONS[contradiction]):
        theirs = person("t", **NAMES[names], **born, **against)
        mail = {**HANAKO, "mail": " Hanako@EXAMPLE.jp"}["mail"]
        shouted = evolve(theirs, values={**theirs.values, "mail": mail})
        for partner in (theirs, shouted):
            found = codes(judged(ours, partner))
            assert ("other_person" in found) == (verdict == "block")
            assert ("identity_changed" in found) == (verdict in ("note", "block*"))
        stranger = person("x", number="0099", family="別", given="人", birth=None)
        for others in ({"source": (stranger,)}, {"target": (stranger,)}):
            found = codes(judged(ours, theirs, **others))
            assert ("other_person" in found) == verdict.startswith("block")


MARRIED: dict[str, Value] = {"family": "手本", "family_kana": "テホン"}


@pytest.mark.parametrize(
    ("differs", "looked_for"),
    [
        (MARRIED, True),
        (NAMES["given changed"], True),
        (NAMES["both changed"], True),
        ({"birth": dt.date(1975, 2, 15)}, True),
        ({"birth": dt.date(1999, 9, 9)}, True),
        ({}, False),
        ({"birth": None}, False),
        ({"gender": "male"}, False),
    ],
)
def test_who_is_elsewhere_in_the_target_is_not_this_number(
    differs: dict[str, Value], looked_for: bool
) -> None:
    """Only where a name has changed or the birth is another one; the other number is named."""
    ours = person("s")
    partner, elsewhere = person("t", **differs), person("e", number="0043", mail=None)
    found = judged(ours, partner, target=(elsewhere,))
    if looked_for:
        assert found.reasons == (Remark("other_person", ("0043",)),)
        assert found.meant == (elsewhere,)
    else:
        assert found.reasons == ()


def test_elsewhere_is_only_who_has_both_names_and_the_birth_date() -> None:
    """Neither a namesake of another age nor a sibling of the same day."""
    ours, partner = person("s"), person("t", **MARRIED)
    namesake = person("n", number="0043", birth=dt.date(1980, 1, 1))
    sibling = person("b", number="0044", **NAMES["given changed"])
    assert judged(ours, partner, target=(namesake, sibling)).reasons == ()


@pytest.mark.parametrize("blank", [None, "-", "　"])
def test_names_that_show_nothing_are_not_the_same(blank: str | None) -> None:
    """Both lists have a sign in place of each name: how they are read tells that they are two."""
    unknown: dict[str, Value] = {"family": blank, "given": blank, "birth": None, "mail": None}
    other = person("t", **{**NAMES["both changed"], **unknown})
    assert codes(judged(person("s", **unknown), other)) == ["other_person"]


def test_names_that_are_the_same_only_as_a_whole_are_noted() -> None:
    """With the same date of birth it is no more than information."""
    exchanged = {"family": "花子", "family_kana": "ハナコ", "given": "見本", "given_kana": "ミホン"}
    ours = person("s")
    for birth, about in ((BORN, ("birth",)), (None, ())):
        found = judged(ours, person("t", **exchanged, birth=birth))
        assert found.notes == (Remark("name_order", about),)


@pytest.mark.parametrize("business", [{"family": "手本"}, {"family": "手本", "family_kana": None}])
def test_a_substituted_name_is_as_good_as_the_legal_one(business: dict[str, Value]) -> None:
    """In both directions, whatever a setting says."""
    stand_in = Substitute(if_filled="business", when="names", fields={"family": "business"})
    legal = person("a", business="手本", birth=dt.date(1975, 2, 15))
    known_as = person("b", **{"family_kana": "テホン", **business}, birth=dt.date(1975, 2, 15))
    for a, b in ((legal, known_as), (known_as, legal)):
        found = crowds([a], [b], substitutes=(stand_in,)).judge(a, b)
        assert codes(found) == []
    assert codes(judged(legal, evolve(known_as, values={**known_as.values, "birth": BORN})))


@pytest.mark.parametrize("role", ["family_kana", "given_kana", "gender", "email", "birth", "hired"])
def test_what_a_side_does_not_tell_is_unknown(role: str) -> None:
    """A system without the field lets the same person be the same person."""
    specs = tuple(each for each in SPECS if each.role != role)
    a, b = person("a"), person("b")
    assert codes(crowds([a], [b], specs).judge(a, b)) == []


# --- birth dates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("1975-02-14", "1975-02-14", Birth.SAME),
        ("1975-02-14", "1957-02-14", Birth.NEAR),
        ("1975-02-14", "1975-12-14", Birth.NEAR),
        ("1975-02-14", "1975-02-24", Birth.NEAR),
        ("1975-02-11", "1975-11-02", Birth.NEAR),
        ("1975-02-11", "1976-11-02", Birth.OTHER),
        ("1975-02-14", "1975-03-15", Birth.OTHER),
        ("1975-02-14", "1976-03-14", Birth.OTHER),
    ],
)
def test_birth_dates_are_near_if_one_part_differs(a: str, b: str, expected: Birth) -> None:
    """Year, month or day, or month and day exchanged."""
    assert births(dt.date.fromisoformat(a), dt.date.fromisoformat(b)) is expected


@pytest.mark.parametrize(
    ("carriers", "people", "stands_for_none"),
    [(2, 2, False), (3, 3, True), (3, 300, True), (3, 301, False), (4, 301, True)],
)
def test_a_day_that_many_carry_is_nobodys(
    carriers: int, people: int, stands_for_none: bool
) -> None:
    """At least three, and one in a hundred of that side."""
    day = dt.date(1980, 1, 1)
    assert (day in placeholders({day: carriers}, people)) is stands_for_none


def test_a_day_that_many_of_one_side_carry_is_unknown_there() -> None:
    """So it makes nobody another person."""
    day = dt.date(1980, 1, 1)
    crowd = tuple(person(f"x{n}", number=f"9{n}", given=f"x{n}", birth=day) for n in range(2))
    ours = person("s")
    assert codes(judged(ours, person("t", birth=day))) == ["identity_changed"]
    assert codes(judged(ours, person("t", birth=day), target=crowd)) == []


# --- twins --------------------------------------------------------------------------------------


@frozen
class Twin:
    """One row of the table: what somebody of the target has, and what that makes of them."""

    name: str
    has: dict[str, Value]
    there: str
    left: str
    others: tuple[Employee, ...] = ()


NOT_HERS: dict[str, Value] = {
    "family": "別",
    "family_kana": "ベツ",
    "given": "人",
    "given_kana": "ヒト",
}
SHARED = (person("also", number="0077", **NOT_HERS, birth=None),)
TWINS = [
    Twin("both names and birth", OTHERS_MAIL, "same_person", "rehire"),
    Twin("given and birth", {**MARRIED, **OTHERS_MAIL}, "same_person", "rehire"),
    Twin("given and birth, gender unknown", {**MARRIED, **OTHERS_MAIL, "gender": None},
         "same_person", "rehire"),
    Twin("given and birth, gender against", {**MARRIED, **OTHERS_MAIL, "gender": "male"}, "", ""),
    Twin("both names, gender against", {**OTHERS_MAIL, "gender": "male"}, "same_person", "rehire"),
    Twin("names, birth near", {**OTHERS_MAIL, "birth": dt.date(1975, 2, 15)},
         "maybe_same_person", "maybe_rehire"),
    Twin("names, birth unknown", {**OTHERS_MAIL, "birth": None},
         "maybe_same_person", "maybe_rehire"),
    Twin("names, birth other", {**OTHERS_MAIL, "birth": dt.date(2001, 7, 9)}, "", ""),
    Twin("mail of their own", {**NOT_HERS, "birth": None}, "same_person", "rehire"),
    Twin("mail of their own, birth near", {**NOT_HERS, "birth": dt.date(1976, 2, 14)},
         "same_person", "rehire"),
    Twin("mail, birth other", {**NOT_HERS, "birth": dt.date(2001, 7, 9)}, "mail_taken", ""),
    Twin("mail of others too", {**NOT_HERS, "birth": None}, "mail_taken", "", SHARED),
    Twin("given name only", {**MARRIED, **OTHERS_MAIL, "birth": dt.date(1976, 2, 14)}, "", ""),
    Twin("birth only", {**NOT_HERS, **OTHERS_MAIL}, "", ""),
]  # fmt: skip
GONE: dict[str, Value] = {"hired": dt.date(2001, 4, 1), "left": dt.date(2010, 4, 1)}
STILL_THERE: list[dict[str, Value]] = [
    {}, {"hired": None}, {"hired": dt.date(2027, 4, 1)},
    {"hired": dt.date(2001, 4, 1), "left": dt.date(2026, 12, 31)},
    {"hired": dt.date(2001, 4, 1), "left": dt.date(2010, 4, 2)},
]  # fmt: skip


def kinds(target: Employee, *others: Employee, new: Employee | None = None) -> set[str]:
    """Return what *target* is to somebody new, 0500, as codes."""
    who = new or person("s", number="0500")
    twins = crowds([who, *others], [target]).twins(who, frozenset(), frozenset())
    assert all(people == (target,) for people in twins.by_kind.values())
    return {kind.value for kind in twins.by_kind}


@pytest.mark.parametrize("number", [None, " ", "1417"])
@pytest.mark.parametrize("row", TWINS, ids=lambda row: row.name)
def test_somebody_new_may_be_there_already(row: Twin, number: str | None) -> None:
    """Without a number, or with one that nobody of the source has."""
    for dates in STILL_THERE:
        found = kinds(person("t", **row.has, **dates | {"number": number}), *row.others)
        assert found == {row.there} - {""}
    assert kinds(person("t", **row.has, **GONE | {"number": number}), *row.others) == (
        {row.left} - {""}
    )


def test_who_has_a_partner_is_nobodys_twin() -> None:
    """Also if the partner has left, or is only coming."""
    target = person("t", number="1417")
    for dates in ({}, {"left": BASE}, {"hired": dt.date(2027, 4, 1)}):
        assert kinds(target, person("p", number="1417", **dates)) == set()


def test_who_lost_the_number_to_somebody_else_may_be_the_new_one() -> None:
    """The number was given to another person, and she got a new one: nobody is there twice."""
    target = person("t", number="0042")
    heir = person("h", number="0042", **NAMES["both changed"], gender="male",
                  birth=dt.date(2001, 7, 9), mail=None)  # fmt: skip
    assert kinds(target, heir) == {"same_person"}


def test_who_lost_the_number_is_found_by_name_alone() -> None:
    """Where the target knows no date of birth: it may be the same person, for somebody to see."""
    target = person("t", number="0042", birth=None, mail=None)
    heir = person("h", number="0042", **NAMES["both changed"], gender="male",
                  birth=dt.date(2001, 7, 9), mail=None)  # fmt: skip
    assert kinds(target, heir) == {"maybe_same_person"}
    assert kinds(target, person("s2", number="0042")) == set()  # it is still theirs


@pytest.mark.parametrize("blank", [None, "-", "　"])
def test_who_lost_the_number_is_found_where_only_readings_are_known(blank: str | None) -> None:
    """The heir was born on the same day, and no list has their names but as they are read."""
    read_only: dict[str, Value] = {"family": blank, "given": blank, "mail": None}
    heir = person("h", number="0042", **{**NAMES["both changed"], **read_only}, gender="male")
    new = person("s", number="0500", **read_only)
    assert kinds(person("t", number="0042", **read_only), heir, new=new) == {"same_person"}


def test_who_got_the_number_of_a_parent_of_the_same_name_is_found_by_name_alone() -> None:
    """The son has the father's name and number there; here he is new, without a date of birth."""
    target = person("son", number="0042", birth=dt.date(2001, 7, 9), mail=None,
                    hired=dt.date(2020, 4, 1))  # fmt: skip
    father = person("father", number="0042", mail=None, left=dt.date(2010, 3, 31))
    son = person("s", number="0500", birth=None, mail=None, hired=dt.date(2020, 4, 1))
    assert kinds(target, father, new=son) == {"maybe_same_person"}


@pytest.mark.parametrize("row", [NOT_HERS, {}], ids=["another name", "the same name"])
def test_an_address_in_the_second_place_is_found_where_the_first_is_empty(
    row: dict[str, Value],
) -> None:
    """Who has it is seen, whatever they are called and whenever they were born."""
    has = {**row, "birth": dt.date(2001, 7, 9), "mail": None, "number": "1417"}
    target = evolve(person("t", **has), others={"mail": (HANAKO["mail"],)})
    assert kinds(target) == {"mail_taken"}


def _drawn(numbers: list[Value]) -> st.SearchStrategy[dict[str, Value]]:
    """Draw values of somebody who is much like the others, or of whom little is known."""
    return st.fixed_dictionaries(
        {
            "number": st.sampled_from(numbers),
            "family": st.sampled_from([None, "見本", "手本", "-"]),
            "family_kana": st.sampled_from(["ミホン", "ﾐﾎﾝ", "テホン", None]),
            "given": st.sampled_from([None, "花子", "岳", "　"]),
            "given_kana": st.sampled_from(["ハナコ", "ガク", None]),
            "birth": st.sampled_from([BORN, BORN, dt.date(1976, 2, 14), dt.date(2001, 7, 9), None]),
            "gender": st.sampled_from([None, "female", "male"]),
            "mail": st.sampled_from([None, None, None, "a@example.jp", "A@example.jp"]),
            "left": st.sampled_from([None, dt.date(2010, 4, 1)]),
        }
    )


def _people(side: str, numbers: list[Value]) -> st.SearchStrategy[list[Employee]]:
    return st.lists(_drawn(numbers), min_size=1, max_size=3).map(
        lambda rows: [person(f"{side}{place}", **row) for place, row in enumerate(rows)]
    )


@settings(max_examples=examples(300, 3_000))
@given(_drawn(["0500"]), _people("s", ["1", "2"]), _people("t", ["1", "2", "3", None]))
def test_nobody_is_missed_by_how_they_are_looked_for(
    values: dict[str, Value], others: list[Employee], target: list[Employee]
) -> None:
    """Twins are found by name, day and address; a walk through everybody finds the same ones."""
    new = person("s", **values)
    source = [new, *others]
    asked = crowds(source, target)
    found = asked.twins(new, frozenset(), frozenset())

    def is_free(other: Employee) -> bool:
        theirs = [each for each in source if each.values["number"] == other.values["number"]]
        here = [each for each in target if each.values["number"] == other.values["number"]]
        if other.values["number"] is None or not theirs:
            return True
        alone = len(theirs) == len(here) == 1
        return alone and bool(crowds(source, target).judge(theirs[0], other).reasons)

    def is_alone(other: Employee) -> bool:
        mail = str(other.values["mail"]).casefold()
        return all(
            sum(str(each.values["mail"]).casefold() == mail for each in people) < 2
            for people in (source, target)
        )

    walked: dict[Kind, set[str]] = {}
    for other in filter(is_free, target):
        who, whom = asked.source.person(new), asked.target.person(other)
        kind = twin(who, whom, BASE, alone=is_alone(other))
        if kind is not Kind.NOBODY:
            walked.setdefault(kind, set()).add(other.id)
    assert {kind: {each.id for each in people} for kind, people in found.by_kind.items()} == walked


def test_who_has_an_address_comes_in_the_order_of_what_they_are_called() -> None:
    """First who was born on the same day, then who has the name, then who has the address."""
    far = {"birth": dt.date(1990, 1, 2)}
    mail = person("m", number="0008", **NOT_HERS, **far)
    name = person("n", number="0009", **far)
    who = person("new", number="0500")
    twins = crowds([who], [mail, name]).twins(who, frozenset(), frozenset())
    assert twins.by_kind == {Kind("mail_taken"): (name, mail)}


# --- an old record that goes on by itself -------------------------------------------------------

LEFT: dict[str, Value] = {"number": "1417", "hired": dt.date(2001, 4, 1),
                          "left": dt.date(2005, 3, 31)}  # fmt: skip


@pytest.mark.parametrize(
    ("had", "goes_on"),
    [
        ({}, True),
        (OTHERS_MAIL, True),
        ({"birth": None}, True),
        ({"family": "見 本", "family_kana": "ﾐﾎﾝ"}, True),
        ({"family": "手本", "family_kana": "テホン"}, False),
        ({**NOT_HERS, "birth": None}, False),
        (NOT_HERS, False),
    ],
)
def test_only_who_has_both_names_goes_on_with_an_old_record(
    had: dict[str, Value], goes_on: bool
) -> None:
    """An address is given to a successor, a given name and a day are somebody else's too."""
    new, old = person("s", number="0500"), person("t", **{**LEFT, **had})
    lists = crowds([new], [old])
    assert [*lists.twins(new, frozenset(), frozenset()).by_kind] == ["rehire"]
    assert lists.goes_on(new, old) is goes_on


@pytest.mark.parametrize(
    ("other", "goes_on"),
    [
        ({}, False),
        ({"family": "手本", "family_kana": "テホン"}, False),
        ({"hired": dt.date(2027, 4, 1)}, False),
        ({"left": BASE}, True),
        ({"number": "0600"}, True),
        ({"number": None}, True),
        ({"birth": dt.date(1975, 2, 15)}, True),
    ],
)
def test_a_record_to_which_two_come_back_goes_on_for_neither_by_itself(
    other: dict[str, Value], goes_on: bool
) -> None:
    """Two records of one person in the source: only a person knows whose the old one is."""
    two = [
        person("s", number="0500", mail=None),
        person("o", **{"number": "0501", "mail": None, **other}),
    ]
    old, also = person("t", **LEFT, mail=None), person("there", number="0600")
    for source in (two, two[::-1]):
        assert crowds(source, [old, also]).goes_on(two[0], old) is goes_on


def test_without_a_day_of_hiring_the_base_date_tells_who_has_left() -> None:
    """Nobody who is on the roll is taken for a leaver."""
    new = person("s", number="0500", hired=None)
    for left, expected in ((BASE, "rehire"), (BASE + dt.timedelta(1), "same_person")):
        assert kinds(person("t", number=None, left=left), new=new) == {expected}


def test_strangers_and_near_numbers_are_left_out() -> None:
    """Whom a person has called somebody else, and whom the number itself tells of."""
    who, target = person("s", number="0500"), person("t", number="1417")
    lists = crowds([who], [target])
    assert lists.twins(who, frozenset({"t"}), frozenset()).by_kind == {}
    assert lists.twins(who, frozenset(), frozenset({"1417"})).by_kind == {}
    assert lists.twins(who, frozenset(), frozenset()).by_kind
