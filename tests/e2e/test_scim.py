"""SmartHR's people become accounts of a real SCIM server; its own state says what came of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from tests.e2e.office import FAST, TODAY, Office
from tests.scim import ENTERPRISE, TOKEN, Directory

from renkei.testing.proxy import Cut, Fault, Proxy, Request

CONFIG = """\
connections:
  smarthr: {{connector: smarthr, base_url: "{smarthr}", token: env:SMARTHR_TOKEN, limits: {fast}}}
  scim: {{connector: scim, base_url: "{scim}", token: env:SCIM_TOKEN}}
mappings: [{{use: smarthr-scim, leavers: {{scim: 30}}}}]
settings: {{settle_wait_seconds: 0, longest_request_seconds: 2}}
"""
ALL = ("--difference", "new,changed", "--look-first", "--allow-unusual")


@pytest.fixture
def accounts(office: Office, directory: Directory) -> Directory:
    """Return an empty directory that the office is to fill."""
    office.env["SCIM_TOKEN"] = TOKEN
    connect(office, directory.url)
    return directory


def connect(office: Office, url: str) -> None:
    text = CONFIG.format(smarthr=office.box.smarthr.base_url, scim=url, fast=FAST)
    (office.folder / "renkei.yaml").write_text(text, encoding="utf-8")


def employ(office: Office, count: int) -> list[str]:
    """Put *count* people into SmartHR, and nobody else; return their numbers."""
    office.box.smarthr.people.clear()
    numbers = [f"{number:04}" for number in range(count)]
    for number in numbers:
        office.box.smarthr.add(
            emp_code=number,
            last_name=f"髙森{number}",
            first_name="葵",
            email=f"{number}@example.jp",
            entered_at="2020-04-01",
            emp_status="employed",
        )
    return numbers


def edit(office: Office, number: str, **values: Any) -> None:
    smarthr = office.box.smarthr
    smarthr.edit(smarthr.find(number)[0]["id"], **values)


def test_employees_become_accounts(office: Office, accounts: Directory) -> None:
    """Everybody who can be registered is, as SmartHR has them; a second fetch finds nothing."""
    assert office.renkei("check").code == 0
    run = office.fetched("smarthr", "scim")
    office.ask("sync", run, *ALL)
    outcomes = office.outcomes(run)
    users = accounts.by_number()
    assert {n for n, (outcome, _r) in outcomes.items() if outcome == "created"} == set(users)
    assert len(users) > 30
    for number, user in users.items():
        (crew,) = (c for c in office.box.smarthr.find(number) if c["email"] == user["userName"])
        assert user["name"] == {"familyName": crew["last_name"], "givenName": crew["first_name"]}
        assert [each["value"] for each in user["emails"]] == [crew["email"]]
        assert user["active"] is True
    again = office.plan(office.fetched("smarthr", "scim"))
    assert {again[number]["difference"] for number in users} == {"same"}
    assert not [n for n, item in again.items() if item["difference"] == "changed"]


@pytest.fixture
def team(office: Office, accounts: Directory) -> list[str]:
    """Return the numbers of a few who have their accounts."""
    numbers = employ(office, 5)
    office.ask("sync", office.fetched("smarthr", "scim"), *ALL)
    assert set(accounts.by_number()) == set(numbers)
    return numbers


def test_who_has_left_is_set_inactive_and_nothing_else_moves(
    office: Office, accounts: Directory, team: list[str]
) -> None:
    """A nightly run closes the account of a leaver within the days, and of nobody else."""
    before = accounts.by_number()
    edit(office, team[0], resigned_at=str(TODAY - dt.timedelta(days=3)), last_name="変更")
    edit(office, team[1], resigned_at=str(TODAY + dt.timedelta(days=3)))
    edit(office, team[2], resigned_at=str(TODAY - dt.timedelta(days=90)))
    result = office.renkei("run", "smarthr", "scim", "--yes")
    assert result.code == 0, result.out + result.err
    assert team[2] in result.out + result.err  # still active: somebody has to be told
    after = accounts.by_number()
    assert {n: user["active"] for n, user in after.items()} == {n: n != team[0] for n in team}
    assert {n for n in team if after[n] != before[n]} == {team[0]}
    assert after[team[0]]["name"] == before[team[0]]["name"]
    again = office.ask("fetch", "smarthr", "scim").json["counts"]
    assert (again["new"], again["changed"]) == (0, 0)


def test_a_change_goes_to_that_account_alone(
    office: Office, accounts: Directory, team: list[str]
) -> None:
    """Name and address follow; what the directory has besides stays."""
    before = accounts.by_number()
    accounts.edit(before[team[1]]["id"], title="部長", nickName="aoi")
    edit(office, team[1], last_name="林", email="hayashi@example.jp")
    office.ask("sync", office.fetched("smarthr", "scim"), *ALL)
    after = accounts.by_number()
    assert {n for n in team if after[n] != before[n]} == {team[1]}
    user = after[team[1]]
    assert (user["title"], user["nickName"]) == ("部長", "aoi")
    assert user["name"] == {"familyName": "林", "givenName": "葵"}
    assert user["userName"] == user["emails"][0]["value"] == "hayashi@example.jp"


def test_a_lost_answer_makes_nobody_twice(office: Office, accounts: Directory) -> None:
    """The answer to every create is lost: each is looked up, and each exists once."""
    numbers = employ(office, 3)

    def lose(request: Request) -> Fault | None:
        return Cut(0) if request.method == "POST" else None

    with Proxy(accounts.server, script=lose) as proxy:
        connect(office, f"{proxy.url}/{accounts.tenant}/v2")
        run = office.fetched("smarthr", "scim")
        office.ask("sync", run, *ALL)
        while "unknown" in {outcome for outcome, _reason in office.outcomes(run).values()}:
            office.ask("resume", run)
    assert {outcome for outcome, _reason in office.outcomes(run).values()} == {"created"}
    assert sorted(user[ENTERPRISE]["employeeNumber"] for user in accounts.users()) == numbers


def test_a_name_that_is_taken_fails_that_employee_alone(
    office: Office, accounts: Directory
) -> None:
    """A 409: the report has the server's words, the others are registered."""
    numbers = employ(office, 3)
    accounts.add(externalId="x", userName=f"{numbers[1]}@example.jp")
    run = office.fetched("smarthr", "scim")
    result = office.ask("sync", run, *ALL)
    assert result.code == 1
    outcomes = office.outcomes(run)
    assert outcomes[numbers[1]] == ("failed", "refused")
    assert {outcomes[n][0] for n in (numbers[0], numbers[2])} == {"created"}
    assert "already in use" in office.renkei("report", run).out
    assert len(accounts.users()) == 3


def test_what_somebody_else_changes_in_the_last_moment_stays(
    office: Office, accounts: Directory, team: list[str]
) -> None:
    """A 412: between the last look and the write somebody edits the account; nothing is lost."""
    identity = accounts.by_number()[team[3]]["id"]
    edit(office, team[3], last_name="林")

    def meddle(request: Request) -> None:
        if request.method == "PATCH":
            accounts.edit(identity, **{"name.familyName": "別人"})

    with Proxy(accounts.server, script=meddle) as proxy:
        connect(office, f"{proxy.url}/{accounts.tenant}/v2")
        run = office.fetched("smarthr", "scim")
        office.ask("sync", run, *ALL)
    assert office.outcomes(run)[team[3]] == ("failed", "changed_since_fetch")
    assert accounts.by_number()[team[3]]["name"]["familyName"] == "別人"
