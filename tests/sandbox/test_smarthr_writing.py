"""What SmartHR does with creates, updates and deletes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from renkei_sandbox import Sandbox

STRICT = ("emp_status", "last_name", "first_name", "last_name_yomi", "first_name_yomi", "gender")


def wrong_fields(answer: httpx.Response) -> list[str]:
    """Return which fields a 400 complains about."""
    body = answer.json()
    assert answer.status_code == 400, answer.text
    assert set(body) == {"code", "type", "message", "errors"}
    assert body["code"] == 1
    assert all(set(error) == {"message", "resource", "field"} for error in body["errors"])
    return [error["field"] for error in body["errors"]]


def test_create_answers_the_whole_person_and_its_address(
    box: Sandbox, smarthr: httpx.Client
) -> None:
    """A create needs nothing in particular, and answers 201, the full shape and a Location."""
    answer = smarthr.post("/v1/crews", json={"last_name": "三雲", "emp_code": "0417"})
    crew = answer.json()
    assert answer.status_code == 201
    assert crew["emp_status"] == "employed"
    assert crew["birth_at"] is None
    assert answer.headers["location"] == f"{box.url}/smarthr/crews/{crew['id']}"
    assert box.smarthr.people[crew["id"]]["last_name"] == "三雲"
    (entry,) = box.writes("smarthr")
    assert (entry.kind, entry.person, entry.status) == ("create", crew["id"], 201)
    assert entry.body == {"last_name": "三雲", "emp_code": "0417"}


def test_location_can_be_the_api_address(box: Sandbox, smarthr: httpx.Client) -> None:
    """With the switch, Location is the address that reads the person."""
    box.smarthr.switches.location = "api"
    answer = smarthr.post("/v1/crews", json={})
    assert smarthr.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("last_name_yomi", "ほうじょう"),
        ("first_name_yomi", "ﾕｽﾞﾊ"),
        ("business_last_name_yomi", "hoshino"),
        ("birth_at", "2000/01/01"),
        ("entered_at", "2026-02-30"),
        ("resigned_at", "20260401"),
        ("gender", "other"),
        ("emp_status", "gone"),
        ("occupation", "長" * 31),
        ("last_name", "長" * 256),
        ("last_name", 5),
        ("email", "nobody"),
        ("biz_establishment_id", "no-such-id"),
        ("employment_type_id", "no-such-id"),
        ("department_ids", ["no-such-id"]),
        ("department_ids", "no-list"),
        ("positions", [{"id": "x", "name": "部長"}]),
        ("grade", {"name": "1等級"}),
        ("grade", "99等級"),
        ("emp_type", "boss"),
        ("having_spouse", "yes"),
        ("monthly_base_salary", "1"),
        ("custom_fields", [{"template_id": "no-such-id", "value": 1}]),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_values_that_cannot_be_stored(
    box: Sandbox, smarthr: httpx.Client, method: str, field: str, value: object
) -> None:
    """A value of the wrong kind is refused by name, and nothing is stored."""
    identifier = box.smarthr.add(emp_code="1")
    path = "/v1/crews" if method == "POST" else f"/v1/crews/{identifier}"
    assert wrong_fields(smarthr.request(method, path, json={field: value})) == [field]
    assert len(box.smarthr.people) == 1
    assert not box.writes("smarthr")
    assert box.journal[-1].accepted is False


def test_all_complaints_come_at_once(smarthr: httpx.Client) -> None:
    """Every broken attribute has its own element; an address needs a city."""
    body = {
        "last_name_yomi": "か",
        "birth_at": "x",
        "address": {"literal_yomi": "abc", "country_number": "JP"},
    }
    found = wrong_fields(smarthr.post("/v1/crews", json=body))
    expected = ["last_name_yomi", "birth_at", "city", "literal_yomi", "address.country_number"]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_update_changes_only_what_is_sent(box: Sandbox, smarthr: httpx.Client, method: str) -> None:
    """Absent keys stay, null and empty text clear, unknown and read-only keys are ignored."""
    identifier = box.smarthr.add(last_name="森", email="a@example.com", tel_number="03")
    body = {"tel_number": None, "email": "", "nonsense": 1, "id": "x", "preferred_last_name": "y"}
    answer = smarthr.request(method, f"/v1/crews/{identifier}", json=body)
    assert answer.status_code == 200
    crew = answer.json()
    assert (crew["last_name"], crew["email"], crew["tel_number"]) == ("森", None, None)
    assert crew["id"] == identifier
    assert "nonsense" not in box.smarthr.people[identifier]


def test_null_may_be_switched_to_mean_nothing(box: Sandbox, smarthr: httpx.Client) -> None:
    """With the switch off, null leaves an attribute alone."""
    box.smarthr.switches.null_clears = False
    identifier = box.smarthr.add(email="a@example.com")
    crew = smarthr.patch(f"/v1/crews/{identifier}", json={"email": None}).json()
    assert crew["email"] == "a@example.com"


@pytest.mark.parametrize("empty", [None, ""])
def test_seven_attributes_cannot_be_emptied(
    box: Sandbox, smarthr: httpx.Client, empty: object
) -> None:
    """Names, readings, gender, birth date and address stay filled once they are filled."""
    values = {
        "last_name": "森",
        "first_name": "蒼",
        "last_name_yomi": "モリ",
        "first_name_yomi": "アオイ",
        "gender": "male",
        "birth_at": "1990-01-01",
        "address": {"city": "架空市"},
    }
    filled, blank = box.smarthr.add(**values), box.smarthr.add()
    wish = dict.fromkeys(values, empty)
    found = wrong_fields(smarthr.patch(f"/v1/crews/{filled}", json=wish))
    assert sorted(found) == sorted(values)
    assert smarthr.patch(f"/v1/crews/{blank}", json=wish).status_code == 200


def test_updated_at_moves_with_changes_only(box: Sandbox, smarthr: httpx.Client) -> None:
    """A write that changes nothing leaves updated_at, unless the switch says otherwise."""
    identifier = box.smarthr.add(last_name="森")
    before = box.smarthr.people[identifier]["updated_at"]
    box.clock.advance(60)
    smarthr.patch(f"/v1/crews/{identifier}", json={"last_name": "森"})
    assert box.smarthr.people[identifier]["updated_at"] == before
    box.smarthr.switches.touch_on_noop = True
    smarthr.patch(f"/v1/crews/{identifier}", json={"last_name": "森"})
    assert box.smarthr.people[identifier]["updated_at"] > before


def test_delete_is_for_good(box: Sandbox, smarthr: httpx.Client) -> None:
    """A delete answers 204 without a body; then the person is unknown."""
    identifier = box.smarthr.add()
    answer = smarthr.delete(f"/v1/crews/{identifier}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert smarthr.get(f"/v1/crews/{identifier}").status_code == 404
    assert smarthr.delete(f"/v1/crews/{identifier}").status_code == 404
    assert [entry.kind for entry in box.writes("smarthr")] == ["delete"]


def test_departments_can_be_cleared(box: Sandbox, smarthr: httpx.Client) -> None:
    """The call below a person takes all departments away."""
    identifier = box.smarthr.add(department_ids=[box.smarthr.masters["departments"][0]["id"]])
    assert smarthr.delete(f"/v1/crews/{identifier}/departments").status_code == 204
    assert box.smarthr.people[identifier]["department_ids"] == []


def test_unique_number(box: Sandbox, smarthr: httpx.Client) -> None:
    """A number in use is refused for others, not for its holder; the switch allows it."""
    holder = box.smarthr.add(emp_code="1")
    other = box.smarthr.add(emp_code="2")
    assert wrong_fields(smarthr.post("/v1/crews", json={"emp_code": "1"})) == ["emp_code"]
    same = {"emp_code": "1"}
    assert wrong_fields(smarthr.patch(f"/v1/crews/{other}", json=same)) == ["emp_code"]
    assert smarthr.patch(f"/v1/crews/{holder}", json=same).status_code == 200
    box.smarthr.switches.unique_emp_code = False
    assert smarthr.post("/v1/crews", json=same).status_code == 201
    assert len(box.smarthr.find("1")) == 2


def test_unique_email(box: Sandbox, smarthr: httpx.Client) -> None:
    """An address in use is accepted, and refused with the switch."""
    box.smarthr.add(email="a@example.com")
    body = {"email": "a@example.com"}
    assert smarthr.post("/v1/crews", json=body).status_code == 201
    box.smarthr.switches.unique_email = True
    assert wrong_fields(smarthr.post("/v1/crews", json=body)) == ["email"]


def test_plan_limit_stops_creates_only(box: Sandbox, smarthr: httpx.Client) -> None:
    """A full plan answers 403 with code 7 to creates; updates go on; retired people are free."""
    box.smarthr.switches.plan_limit = 1
    box.smarthr.add(emp_status="retired")
    first = smarthr.post("/v1/crews", json={})
    assert first.status_code == 201
    full = smarthr.post("/v1/crews", json={})
    assert (full.status_code, full.json()["code"]) == (403, 7)
    assert full.json()["type"] == "plan_limit_exceeded"
    assert smarthr.patch(f"/v1/crews/{first.json()['id']}", json={}).status_code == 200


def test_strict_create(box: Sandbox, smarthr: httpx.Client) -> None:
    """With the switch six attributes are needed, and each missing one is named."""
    box.smarthr.switches.strict_create = True
    assert sorted(wrong_fields(smarthr.post("/v1/crews", json={}))) == sorted(STRICT)


def test_readonly_attributes(box: Sandbox, smarthr: httpx.Client) -> None:
    """An attribute without write right is silently ignored, or the whole call is refused."""
    box.smarthr.switches.readonly = {"email"}
    body = {"email": "a@example.com", "last_name": "森"}
    crew = smarthr.post("/v1/crews", json=body).json()
    assert (crew["email"], crew["last_name"]) == (None, "森")
    box.smarthr.switches.readonly_as = "refused"
    answer = smarthr.post("/v1/crews", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, 3)


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [
        ("trim", " 森 ", "森"),
        ("squeeze", "森  大", "森 大"),
        ("widen", "Mori", "Ｍｏｒｉ"),
        ("narrow", "Ｍｏｒｉ", "Mori"),
        ("upper", "mori", "MORI"),
        ("nfc", "神", "神"),
        ("cp932", "𠮷田", "?田"),
        ("shorten", "長" * 20, "長" * 10),
    ],
)
def test_normalisers(
    box: Sandbox, smarthr: httpx.Client, name: str, sent: str, stored: str
) -> None:
    """With a normaliser the system stores something slightly different from what was sent."""
    box.smarthr.switches.normalise = [name]
    assert smarthr.post("/v1/crews", json={"last_name": sent}).json()["last_name"] == stored


def test_creates_can_become_visible_late(box: Sandbox, smarthr: httpx.Client) -> None:
    """With a delay somebody just created cannot be found until the clock has moved on."""
    box.smarthr.switches.create_delay_s = 30
    identifier = smarthr.post("/v1/crews", json={"emp_code": "1"}).json()["id"]
    assert smarthr.get("/v1/crews?emp_code=1").json() == []
    assert smarthr.get("/v1/crews").json() == []
    assert smarthr.get(f"/v1/crews/{identifier}").status_code == 404
    assert wrong_fields(smarthr.post("/v1/crews", json={"emp_code": "1"})) == ["emp_code"]
    box.clock.advance(30)
    assert len(smarthr.get("/v1/crews?emp_code=1").json()) == 1
    assert len(smarthr.get("/v1/crews").json()) == 1


def test_deprecated_names_find_or_create(box: Sandbox, smarthr: httpx.Client) -> None:
    """Department and job title by name are found, or made; a preset finds its type."""
    body: dict[str, Any] = {"department": "新部", "position": "顧問", "emp_type": "full_timer"}
    crew = smarthr.post("/v1/crews", json=body).json()
    assert (crew["department"], crew["position"]) == ("新部", "顧問")
    assert crew["employment_type"]["name"] == "正社員"
    again = smarthr.post("/v1/crews", json={**body, "department": "営業本部"}).json()
    assert again["departments"][0]["code"] == "S100"
    assert [row["name"] for row in box.smarthr.masters["job_titles"]].count("顧問") == 1


def test_custom_fields_are_upserted(box: Sandbox, smarthr: httpx.Client) -> None:
    """A value sent replaces that of the same template; the others stay."""
    first, second = (row["id"] for row in box.smarthr.masters["crew_custom_field_templates"])
    body = [{"template_id": first, "value": "a"}, {"template_id": second, "value": "remote_ok"}]
    crew = smarthr.post("/v1/crews", json={"custom_fields": body}).json()
    change = {"custom_fields": [{"template_id": first, "value": "b"}]}
    crew = smarthr.patch(f"/v1/crews/{crew['id']}", json=change).json()
    values = {item["template"]["id"]: item["value"] for item in crew["custom_fields"]}
    assert values == {first: "b", second: "remote_ok"}


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_body_that_is_no_object(smarthr: httpx.Client, body: bytes) -> None:
    """A body that is no JSON object answers 400."""
    assert smarthr.post("/v1/crews", content=body).status_code == 400
