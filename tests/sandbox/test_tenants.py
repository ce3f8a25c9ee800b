"""Several companies in one sandbox: walls, people of their own, and a journal that names them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.loopback import PLAIN

from renkei_sandbox import Sandbox, SmartHR, TouchOnTime
from renkei_sandbox.names import company

NOON = "2026-11-20T12:00:00+09:00"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Serve a thousand companies of twelve people each; it is noon."""
    with Sandbox(people=12, companies=1000, now=NOON) as box:
        yield box


@pytest.fixture
def http(box: Sandbox) -> Iterator[httpx.Client]:
    """A client without a token."""
    with httpx.Client(base_url=box.url, verify=PLAIN, trust_env=False, timeout=5) as http:
        yield http


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def crews(http: httpx.Client, token: str) -> httpx.Response:
    return http.get("/smarthr/api/v1/crews", params={"per_page": "100"}, headers=bearer(token))


def employees(http: httpx.Client, token: str) -> httpx.Response:
    return http.get("/touchontime/v1.0/employees", headers=bearer(token))


def test_a_token_shows_its_company_and_no_other(box: Sandbox, http: httpx.Client) -> None:
    """Also as a user name; neither of the other vendor's, nor one that is nobody's."""
    first, last = (SmartHR.first_token(name) for name in ("c0001", "c1000"))
    seen = [{row["id"] for row in crews(http, token).json()} for token in (first, last)]
    assert seen == [set(box.tenants[name].smarthr.people) for name in ("c0001", "c1000")]
    assert not seen[0] & seen[1]
    basic = http.get("/smarthr/api/v1/crews", params={"per_page": "100"}, auth=(first, ""))
    assert {row["id"] for row in basic.json()} == seen[0]
    foreign = box.tenants["c1000"].smarthr.people
    (other, *_rest) = foreign
    one = http.get(f"/smarthr/api/v1/crews/{other}", headers=bearer(first))
    assert one.status_code == 404
    for token in (TouchOnTime.first_token("c0001"), "sandbox-smarthr-c1001-token", "x"):
        assert crews(http, token).status_code == 401
    assert crews(http, box.smarthr.token).json() == []  # beside companies there is nobody


def test_a_new_token_is_of_the_company_that_has_asked_for_it(http: httpx.Client) -> None:
    """The one before opens nothing any more."""
    old = TouchOnTime.first_token("c0007")
    before = employees(http, old).json()
    made = http.post(f"/touchontime/v1.0/tokens/{old}", headers=bearer(old))
    new = made.json()["token"]
    assert employees(http, new).json() == before
    assert employees(http, old).status_code == 403


def test_each_company_has_changes_and_a_name_of_its_own(box: Sandbox) -> None:
    """Five have married, one is new; who they are differs from company to company."""
    one, other = box.tenants["c0001"], box.tenants["c0002"]
    for tenant in (one, other):
        attendance = {row["code"]: row["lastName"] for row in tenant.touchontime.people.values()}
        names = {row["emp_code"]: row["last_name"] for row in tenant.smarthr.people.values()}
        assert names.keys() - attendance.keys() == {"0012"}
        assert sum(names[number] != attendance[number] for number in attendance) == 5
        (told,) = tenant.touchontime.masters["company"]
        assert told["name"] == tenant.smarthr.masters["companies"][0]["name"] == tenant.label
    assert (
        one.touchontime.masters["company"][0]["key"]
        != (other.touchontime.masters["company"][0]["key"])
    )
    ids = [tenant.smarthr.masters["companies"][0]["id"] for tenant in (one, other)]
    assert ids[0] != ids[1]
    assert len({company(number) for number in range(1, 1501)}) == 1500


def test_the_journal_names_the_company(box: Sandbox, http: httpx.Client) -> None:
    """Of each request whose token is one's; what a vendor's switches say holds for all."""
    crews(http, SmartHR.first_token("c0003"))
    employees(http, TouchOnTime.first_token("c0004"))
    box.smarthr.switches.maintenance = True
    assert crews(http, SmartHR.first_token("c0005")).status_code == 503
    crews(http, "nobody's")
    assert [entry.tenant for entry in box.journal] == ["c0003", "c0004", "c0005", ""]
    found = http.get("/_sandbox/journal", params={"tenant": "c0004"}).json()
    assert [entry["system"] for entry in found] == ["touchontime"]
    told = http.get("/_sandbox/").json()["tenants"]
    assert len(told) == 1000
    assert told["c1000"]["smarthr"] == SmartHR.first_token("c1000")


def test_companies_are_made_when_they_are_asked_for(box: Sandbox, http: httpx.Client) -> None:
    """A thousand cost nothing before; one that is too small to differ is refused."""
    assert box.tenants.systems() == []
    crews(http, SmartHR.first_token("c0500"))
    assert len(box.tenants.systems()) == 2
    with pytest.raises(ValueError, match="more than 6 people"):
        Sandbox(people=6, companies=2)
