"""Employees out of records by the places of their fields, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.connector import Records
from renkei.errors import AnswerError
from renkei.http.decode import JSON
from renkei.http.values import read_value, reader_of
from renkei.people import FieldSpec, Label, Type, Value, Values
from renkei.plugins.contract import is_sound

URN = "urn:x:2.0:User"
LABEL = Label("項目", "Field")
SPECS = (
    FieldSpec(name="no", label=LABEL, role="number"),
    FieldSpec(name="family", label=LABEL, path="name.familyName"),
    FieldSpec(name="given", label=LABEL, path="name.givenName"),
    FieldSpec(name="joined", label=LABEL, type="date", path=(URN, "joined")),
    FieldSpec(name="active", label=LABEL, type="boolean"),
)
NAMES = [spec.name for spec in SPECS]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "no": st.text("09", min_size=1),
    "family": st.none() | st.text("髙高ab", min_size=1),
    "given": st.none() | st.text("髙高ab", min_size=1),
    "joined": st.none() | st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)),
    "active": st.none() | st.booleans(),
}


@given(st.fixed_dictionaries({}, optional=VALUES))
def test_what_is_written_is_read_again(values: Values) -> None:
    """Known, empty and unknown: the body of some values has these values, and no others."""
    records = Records(SPECS)
    person = records.employee({"id": "1", **records.body(values)}, NAMES)
    assert (person.values, person.unreadable) == (values, ())


@pytest.mark.parametrize(
    ("record", "values"),
    [
        ({}, {}),
        ({"name": None}, {"family": None, "given": None}),
        ({"name": {"familyName": "髙"}, URN: {}}, {"family": "髙"}),
        ({"no": "", "active": None}, {"no": None, "active": None}),
    ],
)
def test_absent_is_unknown_and_null_is_empty(record: dict[str, JSON], values: Values) -> None:
    """Also for the keys on the way: what is inside of null is empty."""
    assert Records(SPECS).employee({"id": "1", **record}, NAMES).values == values


def test_absent_may_be_empty() -> None:
    """A system that leaves out what is empty says so; a field nobody asks for stays out."""
    person = Records(SPECS, absent="empty").employee({"id": "1", "no": "7"}, NAMES[:-1])
    assert person.values == {"no": "7", "family": None, "given": None, "joined": None}


@pytest.mark.parametrize("record", [{"name": "髙"}, {"name": {"familyName": 3}}, {URN: []}])
def test_what_makes_no_sense_is_unreadable(record: dict[str, JSON]) -> None:
    """Its field is named, the others are read."""
    person = Records(SPECS).employee({"id": "1", "no": "7", **record}, ["no", "family", "joined"])
    assert person.values["no"] == "7"
    assert set(person.unreadable) <= {"family", "joined"}
    assert person.unreadable


@pytest.mark.parametrize("record", [None, [], "x", {}, {"id": None}, {"id": ""}, {"id": 1.5}])
def test_nobody_without_an_id(record: object) -> None:
    """What is no record, or has no id, is an error that quotes nothing."""
    with pytest.raises(AnswerError, match="no id"):
        Records(SPECS).employee(record, NAMES)


def test_the_id_may_be_a_number_under_another_key() -> None:
    """An id that is a whole number becomes text."""
    assert Records(SPECS, key="key").employee({"key": 7}, ()).id == "7"


@pytest.mark.parametrize("path", ["", "a..b", (), ("a", ""), ("a", 1), ["a"], 7])
def test_a_path_leads_somewhere(path: Any) -> None:
    """A spec whose path has an empty part, or is none, breaks the contract."""
    assert not is_sound(FieldSpec(name="a", label=LABEL, path=path), FieldSpec)


RAW = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=12),
    st.dates().map(str),
    st.sampled_from(["", "2026-02-29", "20260401", "2026-W01-1", "a\0b", "\ud83d", "male"]),
    st.lists(st.text(max_size=2), max_size=2),
)


@given(
    kind=st.sampled_from(["text", "date", "integer", "boolean"]),
    allowed=st.sampled_from([None, ("male", "female")]),
    raw=RAW,
)
def test_what_is_made_ready_reads_as_one_value_does(
    kind: Type, allowed: tuple[str, ...] | None, raw: JSON
) -> None:
    """The same value, or the same refusal."""
    spec = FieldSpec(name="x", label=Label("x", "x"), type=kind, allowed=allowed)

    def tried(read: Callable[[], Value]) -> object:
        try:
            return read()
        except ValueError:
            return ValueError

    ready = reader_of(spec)
    assert tried(lambda: ready(raw)) == tried(lambda: read_value(spec, raw))
