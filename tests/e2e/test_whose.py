"""Whose accounts are compared: what both systems tell, who answers, and what it costs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.e2e.office import Office

from renkei_sandbox import faults

NAME = "株式会社あけぼの商事"
NUMBER = "7000012050002"
"""The corporate number that the National Tax Agency shows as an example."""

TELLS = ("companies", "company")
"""The last part of the addresses where the systems tell whose account it is."""


def asked(office: Office) -> Counter[str]:
    """Return how often each system was asked whose account it is, since the last time."""
    found = Counter(entry.path.rpartition("/")[2] for entry in office.box.journal)
    office.box.clear_journal()
    return Counter({name: found[name] for name in TELLS if found[name]})


def company(office: Office, name: str) -> dict[str, Any]:
    """Return the company of a system, to be changed."""
    table = "companies" if name == "smarthr" else "company"
    return office.system(name).masters[table][0]


def another_company(office: Office, name: str) -> None:
    """Let a connection open the account of another company: another token, another id."""
    office.system(name).token = f"token-of-another-{name}"
    key = "id" if name == "smarthr" else "key"
    company(office, name).update({key: "another", "name": "株式会社たそがれ"})


def test_the_first_fetch_tells_whose_accounts_it_has_compared(
    office: Office, direction: tuple[str, str]
) -> None:
    """Names, ids and the corporate number, not confirmed where nobody is asked; later no more."""
    company(office, "smarthr")["corporate_number"] = NUMBER
    first = office.ask("fetch", *direction)
    assert first.code == 0
    told = {each["connection"]: each for each in first.json["accounts"]}
    assert tuple(told) == direction
    assert told["smarthr"] == {
        "connection": "smarthr",
        "name": NAME,
        "ids": [company(office, "smarthr")["id"]],
        "corporate_numbers": [NUMBER],
        "confirmed": False,
    }
    assert told["touchontime"]["ids"] == [company(office, "touchontime")["key"]]
    assert told["touchontime"]["corporate_numbers"] == []
    assert "accounts" not in office.ask("fetch", *direction).json
    assert "accounts" not in office.ask("fetch", *direction[::-1]).json


def test_it_costs_one_request_a_side_and_none_later(
    office: Office, direction: tuple[str, str]
) -> None:
    """By the journal of the sandbox: once at the first fetch, then never, and not at a sync."""
    run = office.fetched(*direction)
    assert asked(office) == {"companies": 1, "company": 1}
    office.fetched(*direction)
    office.fetched(*direction[::-1])
    assert office.ask("sync", run, *office.everybody(direction[1])).code in (0, 1)
    assert asked(office) == {}


@pytest.mark.fault("F95")
@pytest.mark.parametrize("fault", [faults.status(500), faults.status(429), faults.disconnect()])
def test_a_request_that_fails_is_sent_once_and_stops_nothing(office: Office, fault: Any) -> None:
    """It is not tried again by this fetch; the next one asks, and keeps what it hears."""
    for name, path in (("smarthr", "companies"), ("touchontime", "company")):
        office.system(name).faults.add(fault, path=path, times=None)
    first = office.ask("fetch", "smarthr", "touchontime")
    assert first.code == 0
    assert "accounts" not in first.json
    assert asked(office) == {"companies": 1, "company": 1}
    for system in office.box.systems.values():
        system.faults.clear()
    office.fetched("smarthr", "touchontime")
    assert asked(office) == {"companies": 1, "company": 1}
    office.fetched("smarthr", "touchontime")
    assert asked(office) == {}


@pytest.mark.security(59)
def test_a_person_at_a_terminal_is_asked(office: Office, direction: tuple[str, str]) -> None:
    """The question shows both accounts; the answer and its giver stand in the check."""
    result = office.renkei("--as", "keiko", "fetch", *direction, answers="y\n")
    assert result.code == 0
    assert result.err.index("smarthr: “") < result.err.index("Are both of the same company?")
    assert f"touchontime: “{NAME}” (id {company(office, 'touchontime')['key']})" in result.err
    assert office.renkei("fetch", *direction, answers="").code == 0
    shown = office.renkei("check").out
    assert shown.count("has confirmed on") == 2
    assert "keiko" in shown


@pytest.mark.parametrize("words", [["fetch"], ["run", "--yes"]])
def test_a_no_ends_the_fetch(office: Office, words: list[str]) -> None:
    """No employee was read, no run and no account is kept, and it is said what to do."""
    command, *options = words
    result = office.renkei(command, "smarthr", "touchontime", *options, answers="n\n")
    assert result.code == 2
    assert "are not of one company" in result.err
    assert "renkei check" in result.err
    paths = {entry.path.rpartition("/")[2] for entry in office.box.journal}
    assert paths <= set(TELLS)
    assert office.ask("reports").json["reports"] == []
    assert "accounts" in office.ask("fetch", "smarthr", "touchontime").json


def test_in_text_for_a_log_the_accounts_are_printed(office: Office) -> None:
    """Names and ids once, and not the notice beside them; `plan` has the notice."""
    result = office.renkei("fetch", "smarthr", "touchontime")
    assert f"  smarthr: “{NAME}” (id {company(office, 'smarthr')['id']})" in result.out
    assert "is the account" not in result.out
    assert "is the account" in office.renkei("plan", "1").out


@pytest.mark.fault("F95")
@pytest.mark.security(59)
@pytest.mark.postgres
@pytest.mark.parametrize("name", ["smarthr", "touchontime"])
def test_another_account_is_refused_until_it_is_accepted(office: Office, name: str) -> None:
    """Exit code 2 before any employee is read; `check` says so, `check --accept` ends it."""
    office.fetched("smarthr", "touchontime")
    another_company(office, name)
    asked(office)
    refused = office.ask("fetch", "smarthr", "touchontime")
    assert refused.code == 2
    assert refused.json["error"]["code"] == "account_changed"
    assert refused.json["error"]["where"] == name
    assert "renkei check --accept" in refused.json["error"]["hint"]
    assert "“株式会社たそがれ” (id another)" in refused.json["error"]["message"]
    assert {entry.path.rpartition("/")[2] for entry in office.box.journal} <= set(TELLS)
    assert len(office.ask("reports").json["reports"]) == 1
    checked = office.ask("check")
    assert checked.code == 2
    accepted = office.renkei("--as", "keiko", "check", "--accept")
    assert accepted.code == 0
    assert "keiko" in accepted.out
    assert office.fetched("smarthr", "touchontime") == "2"


def test_a_new_token_of_the_same_account_is_no_change(office: Office) -> None:
    """It is asked about once, and an account once confirmed need not be confirmed again."""
    office.renkei("--as", "keiko", "fetch", "smarthr", "touchontime", answers="y\n")
    for system in office.box.systems.values():
        system.token = f"renewed-{system.name}"
    asked(office)
    office.fetched("smarthr", "touchontime")
    assert asked(office) == {"companies": 1, "company": 1}
    assert office.renkei("check").out.count("has confirmed on") == 2


def test_a_group_with_several_companies_is_known_by_any_of_them(office: Office) -> None:
    """One of them may go and another one come; all of them others is another account."""
    rows = office.box.smarthr.masters["companies"]
    rows.append({**rows[0], "id": "second", "name": "あけぼの物流"})
    told = office.ask("fetch", "smarthr", "touchontime").json["accounts"][0]
    assert told["name"] == f"{NAME}、あけぼの物流"
    assert told["ids"] == [rows[0]["id"], "second"]
    del rows[0]
    office.box.smarthr.token = "renewed"
    office.fetched("smarthr", "touchontime")
    rows[0]["id"] = "third"
    office.box.smarthr.token = "renewed-again"
    assert office.ask("fetch", "smarthr", "touchontime").code == 2
