"""Documents into records: the helper that mappings and the configuration share."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import pytest
from attrs import field, frozen

from renkei.errors import MappingError
from renkei.yamlfile.source import read_yaml
from renkei.yamlfile.structure import structure


@frozen(kw_only=True)
class Room:
    name: str
    seats: int = 0
    open: bool = False
    floor: Literal["upper", "lower"] = "upper"
    hours: tuple[str, str] | None = None
    from_: dt.date | None = None


@frozen(kw_only=True)
class House:
    rooms: dict[str, Room]
    owners: list[str] = field(factory=list)


def test_a_document_becomes_a_record() -> None:
    """Each attribute gets the type it asks for; what is left out has its default."""
    text = "rooms:\n  a: {name: 0042, seats: 12, open: true, hours: [08:30, 10:00]}\nowners: [no]\n"
    text = text.replace("}", ", from: 2028-02-29}")
    day = dt.date(2028, 2, 29)
    a = Room(name="0042", seats=12, open=True, hours=("08:30", "10:00"), from_=day)
    assert structure(read_yaml(text, "x.yaml"), House) == House(rooms={"a": a}, owners=["no"])


@pytest.mark.parametrize(
    ("room", "message"),
    [
        ("{name: a, seats: ¶ten}", 'seats: expected a whole number, not "ten"'),
        ("{name: a, seats: ¶-1}", 'seats: expected a whole number, not "-1"'),
        ("{name: a, seats: ¶４}", 'seats: expected a whole number, not "４"'),
        ("{name: a, open: ¶yes}", 'open: expected true or false, not "yes"'),
        ("{name: a, open: ¶[true]}", "open: expected text, not a list"),
        ("{name: a, floor: ¶}", "floor: a value is missing"),
        ("{name: a, floor: ¶up}", 'floor: expected upper or lower, not "up"'),
        ("{name: ¶{}}", "name: expected text, not a mapping"),
        ("{name: ¶}", "name: a value is missing"),
        ("{name: ¶''}", "name: a value is missing"),
        ("{name: a, hours: ¶}", "hours: a value is missing"),
        ("{name: a, hours: ¶[1]}", "hours: expected 2 entries, not 1"),
        ("{name: a, hours: [1, ¶[]]}", "hours: expected text, not a list"),
        ("{name: a, hours: ¶12}", 'hours: expected a list, not "12"'),
        ("{name: a, from: ¶2027-2-9}", 'from: expected a date like 2027-04-01, not "2027-2-9"'),
        ("{name: a, from: ¶2027-02-29}", 'from: expected a date like 2027-04-01, not "2027-02-29"'),
        ("{name: a, from: ¶[]}", "from: expected text, not a list"),
        ("{name: a, ¶from_: 2027-02-09}", 'unknown key "from_"; did you mean "from"?'),
        ("{name: a, ¶form: 2027-02-09}", 'unknown key "form"; did you mean "from"?'),
        ("{name: a, ¶nme: b}", 'unknown key "nme"; did you mean "name"?'),
        ("{name: a, ¶Seats: 1}", 'unknown key "Seats"; did you mean "seats"?'),
        ("{name: a, ¶zzz: b}", 'unknown key "zzz"'),
        ("¶{}", 'the key "name" is missing'),
        ("¶kitchen", 'a: expected a mapping, not "kitchen"'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_words(room: str, message: str) -> None:
    """The key, what was expected, and the offending word, at the place of the mark."""
    before = f" a: {room}".partition("¶")[0]
    with pytest.raises(MappingError) as caught:
        structure(read_yaml(f"rooms:\n a: {room}\n".replace("¶", ""), "x.yaml"), House)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.message) == (2, len(before) + 1, message)


def test_all_mistakes_are_told_at_once() -> None:
    """Mistakes in different records and at different depths come together, in order of place."""
    text = "rooms:\n  a: {nam: x}\n  b: {name: x, open: no}\nowners: x\nmore: 1\n"
    with pytest.raises(MappingError) as caught:
        structure(read_yaml(text, "x.yaml"), House)
    assert [p.line for p in caught.value.problems] == [2, 2, 3, 4, 5]
