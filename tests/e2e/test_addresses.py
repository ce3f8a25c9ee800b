"""E-mail addresses between one that HR has and the list that Touch On Time has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]
TO_TIME, TO_HR = ("smarthr", "touchontime"), ("touchontime", "smarthr")
NUMBER = "0001"


def alone(office: Office, address: str | None, addresses: list[str] | None) -> None:
    """Give one employee, who is the same otherwise, these addresses in both systems."""
    for system, field, value in (
        (office.box.smarthr, "email", address),
        (office.box.touchontime, "emailAddresses", addresses),
    ):
        (person,) = [p for p in system.people.values() if p[system.number_field] == NUMBER]
        person[field] = value


def stored(office: Office, system: str) -> Any:
    """Return what a system has as address of that employee by now."""
    held = office.system(system)
    (person,) = [p for p in held.people.values() if p[held.number_field] == NUMBER]
    return person["emailAddresses" if system == "touchontime" else "email"]


def the_plan(office: Office, direction: Direction) -> tuple[str, dict[str, Any]]:
    """Fetch, and return the run with that employee's row of the plan."""
    run = office.fetched(*direction)
    return run, office.plan(run)[NUMBER]


@pytest.mark.parametrize("direction", [TO_TIME, TO_HR])
@pytest.mark.parametrize(
    ("address", "addresses"),
    [
        ("b@example.jp", ["a@example.jp", "b@example.jp"]),
        ("B@Example.JP", ["a@example.jp", "", "b@example.jp"]),
        ("a@example.jp", ["", "A@example.jp"]),
    ],
)
def test_one_of_the_list_is_no_difference(
    office: Office, direction: Direction, address: str, addresses: list[str]
) -> None:
    """Wherever HR's address stands in the list, capitals aside, nothing is to be done."""
    alone(office, address, addresses)
    _run, row = the_plan(office, direction)
    assert [change for change in row["changes"] if "mail" in change["field"]] == []


@pytest.mark.parametrize(
    ("addresses", "left"),
    [
        (["a@example.jp", "b@example.jp"], ["n@example.jp", "b@example.jp"]),
        # where the first place is empty it is filled: a spare one is nobody's to overwrite
        (["", "a@example.jp", "b@example.jp"], ["n@example.jp", "a@example.jp", "b@example.jp"]),
        ([""], ["n@example.jp"]),
        ([], ["n@example.jp"]),
    ],
)
def test_the_first_is_replaced_and_the_others_stay(
    office: Office, addresses: list[str], left: list[str]
) -> None:
    """The plan says which one, and a second fetch finds nothing in either direction."""
    alone(office, "n@example.jp", addresses)
    run, row = the_plan(office, TO_TIME)
    (change,) = [c for c in row["changes"] if c["field"] == "emailAddresses"]
    assert change["before"] == next((a for a in addresses if a), None)
    assert ("others_stay" in row["notes"]) == (len(left) > 1)
    assert office.ask("sync", run, "--number", NUMBER).code == 0
    assert stored(office, "touchontime") == left
    for direction in (TO_TIME, TO_HR):
        assert the_plan(office, direction)[1]["difference"] == "same"


def test_towards_hr_the_first_one_is_sent(office: Office) -> None:
    """The first address that is not empty; the list stays as it is."""
    alone(office, "old@example.jp", ["", "a@example.jp", "b@example.jp"])
    run, row = the_plan(office, TO_HR)
    assert "first_of_several" in row["notes"]
    assert office.ask("sync", run, "--number", NUMBER).code == 0
    assert stored(office, "smarthr") == "a@example.jp"
    assert stored(office, "touchontime") == ["", "a@example.jp", "b@example.jp"]
    assert the_plan(office, TO_TIME)[1]["difference"] == "same"
