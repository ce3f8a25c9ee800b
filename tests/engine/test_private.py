"""My Numbers and what else is never read: not stored, not logged, not shown."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.world import CLINIC, ROSTA, World, spec

from renkei.connector import Employee, FieldSpec, Label, Value, hookimpl
from renkei.errors import MappingError
from renkei.mapping import check_mapping, parse_mapping
from renkei.model import Difference
from renkei.private import is_never_read, looks_like_my_number
from renkei.testing import MemoryConnector, installed

GOOD = "123456789018"
"""Twelve digits of nobody, of which the last one checks."""


def checked(eleven: str) -> str:
    """Return eleven digits with the one that the law gives them."""
    total = sum(
        int(digit) * (n + 1 if n <= 6 else n - 5)
        for n, digit in enumerate(reversed(eleven), start=1)
    )
    return eleven + str(0 if total % 11 <= 1 else 11 - total % 11)


@given(st.text(st.sampled_from("0123456789"), min_size=11, max_size=11))
def test_exactly_one_last_digit_checks(eleven: str) -> None:
    """By the formula of the ordinance; a wrong digit anywhere else is found out, too."""
    fitting = [eleven + last for last in "0123456789" if looks_like_my_number(eleven + last)]
    assert fitting == [checked(eleven)]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (GOOD, True),
        ("1234-5678-9018", True),
        ("1234 5678 9018", True),
        ("１２３４５６７８９０１８", True),
        (f" {GOOD} ", True),
        ("123456789011", False),
        (f"{GOOD}0", False),
        (f"No. {GOOD}", False),
        ("1234.5678.9018", True),
        ("1234・5678・9018", True),
        ("1234/5678/9018", True),
        ("1234_5678_9018", True),
        ("[1234 / 5678 / 9018]", True),
        ("123.456.789.018", False),
        ("+123456789018", False),
        ("1234567890.18", False),
        (int(GOOD), True),
        (int(GOOD) + 1, False),
        (-int(GOOD), False),
        (int(f"0{GOOD[:11]}"), False),
        (int(checked("01234567890")), True),
        (int(checked("00123456789")), False),
        (0, False),
        (True, False),
        (None, False),
        (dt.date(2026, 4, 1), False),
        ("03-1234-5678", False),
        ("", False),
    ],
)
def test_however_it_is_written(text: Value, is_one: bool) -> None:
    """Width, signs between its groups and the type do not hide it; an address is another thing."""
    assert looks_like_my_number(text) == is_one


@pytest.mark.parametrize("side", ["clinic", "rosta"])
@pytest.mark.parametrize("known", [True, False])
def test_a_value_that_looks_like_one_blocks_and_is_kept_nowhere(
    world: World, side: str, known: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever side has it, and whether the other one has the person."""
    ours = {"mail": GOOD} if side == "clinic" else {}
    theirs = {"email": "1234-5678-9018"} if side == "rosta" else {}
    world.in_clinic(**ours)
    if known or side == "rosta":
        world.in_rosta(**theirs)
    run = world.fetch()
    item = world.item(run)
    assert item.difference is Difference.BLOCKED
    assert [reason.code for reason in item.reasons] == ["looks_like_my_number"]
    assert item.reasons[0].about[0] == side
    store = sqlite3.connect(world.folder / "reports.db")
    kept = "\n".join(store.iterdump())
    store.close()
    shown = capsys.readouterr()
    for text in (GOOD, "1234-5678-9018"):
        assert text not in kept + shown.out + shown.err


@pytest.mark.parametrize("further", [False, True])
def test_a_whole_number_counts_as_well(world: World, further: bool) -> None:
    """A field of numbers is a place for one, too; what it was is told by nobody."""
    number = int(GOOD)

    class Counted(MemoryConnector):
        @hookimpl
        def list_employees(self, at: dt.date, fields: Sequence[str]) -> list[Employee]:  # type: ignore[override]
            told = {"capacity": 3 if further else number}
            return [
                Employee(
                    id=each.id,
                    values={name: told.get(name, each.values[name]) for name in fields},
                    others={"capacity": (4, number)} if further else {},
                )
                for each in self._system.people.values()
            ]

    world.in_clinic()
    world.in_rosta()
    with installed(rosta=lambda _connection: Counted(world.rosta)):
        item = world.item(world.fetch())
    (reason,) = item.reasons
    assert (reason.code, reason.about) == ("looks_like_my_number", ("rosta", "capacity"))
    store = sqlite3.connect(world.folder / "reports.db")
    assert GOOD not in "\n".join(store.iterdump())
    store.close()


def test_further_values_count_as_well(world: World) -> None:
    """A second address that is none blocks, too."""

    class Several(MemoryConnector):
        @hookimpl
        def list_employees(self, at: dt.date, fields: Sequence[str]) -> list[Employee]:  # type: ignore[override]
            return [
                Employee(id=each.id, values=each.values, others={"email": (GOOD,)})
                for each in self._system.people.values()
            ]

    world.in_clinic()
    world.in_rosta()
    with installed(rosta=lambda _connection: Several(world.rosta)):
        (reason,) = world.item(world.fetch()).reasons
    assert reason.code == "looks_like_my_number"


def test_a_number_of_twelve_digits_is_a_number(world: World) -> None:
    """Employee numbers are what a company makes them."""
    world.in_clinic(GOOD)
    assert world.item(world.fetch(), GOOD).difference is Difference.NEW


@pytest.mark.parametrize(
    ("name", "ja", "en"),
    [
        ("my_number", "番号", "Number"),
        ("myNumber", "番号", "Number"),
        ("x1", "個人番号", "x"),
        ("x1", "本人のマイナンバー", "x"),
        ("x1", "口座番号", "x"),
        ("bank_account", "x", "x"),
        ("x1", "x", "Health check"),
        ("x1", "障がい者手帳", "x"),
        ("disability_type", "x", "x"),
        ("x1", "宗教", "x"),
        ("religion", "x", "x"),
    ],
)
def test_some_fields_are_never_read(world: World, name: str, ja: str, en: str) -> None:
    """Discovery does not offer them, and no mapping may name them."""
    private = FieldSpec(name=name, label=Label(ja, en))
    text = world.files["pair.yaml"] + f"  - {{pair: [surname, {name}], only: rosta}}\n"
    text = text.replace("  - {pair: [mail, email]}\n", "")
    with pytest.raises(MappingError, match="is never read"):
        check_mapping(parse_mapping(text, "m.yaml"), {"clinic": CLINIC, "rosta": (*ROSTA, private)})

    class Own(MemoryConnector):
        @hookimpl
        def discover(self) -> Sequence[FieldSpec]:
            return [private, spec("shoe")]

    with installed(rosta=lambda _connection: Own(world.rosta)), world.runs() as runs:
        assert [each.name for each in runs.refresh("rosta").specs] == ["shoe"]


@pytest.mark.parametrize(
    "name",
    ["社員番号", "健康保険証の記号", "内線番号", "accountName", "disabled", "number", "embankment"],
)
def test_others_are_read(name: str) -> None:
    """What only sounds like it is a field as any."""
    assert not is_never_read(name)
