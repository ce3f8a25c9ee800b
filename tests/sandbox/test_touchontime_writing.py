"""What Touch On Time does with creates, updates and deletes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from renkei_sandbox import Sandbox

NEW: dict[str, Any] = {
    "divisionCode": "210",
    "gender": "female",
    "typeCode": "2",
    "code": "0417",
    "lastName": "三雲",
    "firstName": "汐里",
}


def error_codes(answer: httpx.Response) -> list[int]:
    """Return the codes of a 400."""
    assert answer.status_code == 400, answer.text
    return [error["code"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("how", ["bare", "sent"])
def test_create_answers_the_required_fields_and_the_key(
    box: Sandbox, touchontime: httpx.Client, how: str
) -> None:
    """A create answers 201 with seven properties, or with all that was sent, and no names."""
    box.touchontime.switches.post_answer = how  # type: ignore[assignment]
    body = {**NEW, "emailAddresses": ["mikumo@example.com"], "hiredDate": "", "divisionName": "x"}
    answer = touchontime.post("/employees", json=body)
    assert answer.status_code == 201
    key = answer.json()["key"]
    more = {"emailAddresses": ["mikumo@example.com"]} if how == "sent" else {}
    assert answer.json() == {**NEW, **more, "key": key}
    stored = box.touchontime.people[key]
    assert stored["allDayRegardingWorkInMinute"] == 480
    assert [(e.kind, e.person) for e in box.writes("touchontime")] == [("create", key)]


def test_default_minutes_can_be_none(box: Sandbox, touchontime: httpx.Client) -> None:
    """With the switch at None the system fills nothing in."""
    box.touchontime.switches.default_minutes = None
    key = touchontime.post("/employees", json=NEW).json()["key"]
    assert "allDayRegardingWorkInMinute" not in box.touchontime.people[key]


@pytest.mark.parametrize("field", NEW)
def test_each_required_field(touchontime: httpx.Client, field: str) -> None:
    """A required field that is missing or empty has an entry of its own."""
    rest = {name: value for name, value in NEW.items() if name != field}
    assert error_codes(touchontime.post("/employees", json=rest)) == [222]
    assert error_codes(touchontime.post("/employees", json={**NEW, field: ""})) == [222]
    assert error_codes(touchontime.post("/employees", json={})) == [222] * 6


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("divisionCode", "999", 9002),
        ("typeCode", "9", 9002),
        ("gender", "other", 9003),
        ("code", "０４１７", 9004),
        ("code", "04-17", 9004),
        ("code", "1" * 21, 9004),
        ("birthDate", "1990/01/01", 2),
        ("hiredDate", "2026-02-30", 2),
        ("emailAddresses", ["nobody"], 9006),
        ("emailAddresses", ["a@example.com", "a@example.com"], 9007),
        ("emailAddresses", "a@example.com", 9010),
        ("lastName", "長" * 101, 9009),
        ("lastName", 5, 9010),
        ("allDayRegardingWorkInMinute", "480", 9010),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_values_that_cannot_be_stored(  # noqa: PLR0917 - a table
    box: Sandbox, touchontime: httpx.Client, method: str, field: str, value: object, code: int
) -> None:
    """A bad value is refused with a code, and nothing is stored."""
    key = box.touchontime.add(**{**NEW, "code": "1"})
    before = dict(box.touchontime.people[key])
    path = "/employees" if method == "POST" else f"/employees/{key}"
    answer = touchontime.request(method, path, json={**NEW, field: value})
    assert error_codes(answer) == [code]
    assert dict(box.touchontime.people[key]) == before
    assert len(box.touchontime.people) == 1
    assert not box.writes("touchontime")


def test_strict_code(box: Sandbox, touchontime: httpx.Client) -> None:
    """Short codes are fine unless the switch asks for three characters."""
    assert touchontime.post("/employees", json={**NEW, "code": "1"}).status_code == 201
    box.touchontime.switches.strict_code = True
    assert error_codes(touchontime.post("/employees", json={**NEW, "code": "2"})) == [9004]


def test_leaving_before_being_hired(box: Sandbox, touchontime: httpx.Client) -> None:
    """A last day before the first is refused, judged by what would be stored."""
    key = box.touchontime.add(**NEW, hiredDate="2026-04-01")
    body = {"resignationDate": "2026-03-31"}
    assert error_codes(touchontime.put(f"/employees/{key}", json=body)) == [9005]
    body["hiredDate"] = "2026-03-01"
    assert touchontime.put(f"/employees/{key}", json=body).status_code == 200


def test_update_is_partial_and_answers_everything(box: Sandbox, touchontime: httpx.Client) -> None:
    """Only properties sent change; an empty text clears; the answer is full, without nulls."""
    emails = ["a@example.com", "b@example.com"]
    key = box.touchontime.add(
        **NEW, birthDate="1990-01-01", resignationDate="2027-01-31", emailAddresses=emails
    )
    body = {"lastName": "羽鳥", "resignationDate": "", "emailAddresses": ["c@example.com"]}
    answer = touchontime.put(f"/employees/{key}", json=body)
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["lastName"], shown["firstName"]) == ("羽鳥", "汐里")
    assert shown["emailAddresses"] == ["c@example.com"]
    assert shown["birthDate"] == "1990-01-01"
    assert shown["divisionName"] == "営業部"
    assert "resignationDate" not in shown
    assert "resignationDate" not in touchontime.get("/employees/0417").json()


@pytest.mark.parametrize("field", NEW)
@pytest.mark.parametrize("empty", ["", None])
def test_required_fields_cannot_be_cleared(
    box: Sandbox, touchontime: httpx.Client, field: str, empty: object
) -> None:
    """An update that would empty a required field is refused."""
    key = box.touchontime.add(**NEW)
    assert error_codes(touchontime.put(f"/employees/{key}", json={field: empty})) == [222]


def test_partial_update_can_be_refused(box: Sandbox, touchontime: httpx.Client) -> None:
    """With the switch off, each missing required field is named; the full set is accepted."""
    box.touchontime.switches.partial_put = False
    key = box.touchontime.add(**NEW)
    answer = touchontime.put(f"/employees/{key}", json={"lastName": "羽鳥", "code": "0417"})
    assert error_codes(answer) == [222] * 4
    messages = " ".join(error["message"] for error in answer.json()["errors"])
    assert all(name in messages for name in ("divisionCode", "gender", "typeCode", "firstName"))
    full = touchontime.put(f"/employees/{key}", json={**NEW, "lastName": "羽鳥"})
    assert full.status_code == 200


def test_code_may_change_and_key_stays(box: Sandbox, touchontime: httpx.Client) -> None:
    """The key survives a change of the code; the old code is free again."""
    key = box.touchontime.add(**NEW)
    assert touchontime.put(f"/employees/{key}", json={"code": "0999"}).json()["key"] == key
    assert touchontime.get("/employees/0999").json()["key"] == key
    assert touchontime.post("/employees", json=NEW).status_code == 201


def test_code_in_use(box: Sandbox, touchontime: httpx.Client) -> None:
    """A code used by somebody active, resigned or deleted cannot be used again."""
    key = box.touchontime.add(**NEW, resignationDate="2020-01-31")
    other = box.touchontime.add(**{**NEW, "code": "2"})
    assert error_codes(touchontime.post("/employees", json=NEW)) == [9001]
    assert error_codes(touchontime.put(f"/employees/{other}", json=NEW)) == [9001]
    assert touchontime.delete(f"/employees/{key}").status_code == 204
    assert error_codes(touchontime.post("/employees", json=NEW)) == [9001]
    box.touchontime.switches.deleted_code_taken = False
    assert touchontime.post("/employees", json=NEW).status_code == 201


def test_delete_is_soft(box: Sandbox, touchontime: httpx.Client) -> None:
    """A deleted employee is gone for every call and kept aside by the system."""
    key = box.touchontime.add(**NEW)
    answer = touchontime.delete(f"/employees/{key}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert touchontime.get("/employees?includeResigner=true").json() == []
    assert box.touchontime.deleted[key]["code"] == "0417"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_unknown_key(box: Sandbox, touchontime: httpx.Client, method: str) -> None:
    """An unknown key has code 526 with 404, or 400 with the switch; a code is no key."""
    box.touchontime.add(**NEW)
    answer = touchontime.request(method, "/employees/0417", json={})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 526)
    box.touchontime.switches.unknown_key_status = 400
    assert error_codes(touchontime.request(method, "/employees/0417", json={})) == [526]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_body_that_is_no_object(touchontime: httpx.Client, body: bytes) -> None:
    """A body that is no JSON object is refused."""
    assert error_codes(touchontime.post("/employees", content=body)) == [9008]


def test_transfers_by_date(box: Sandbox, touchontime: httpx.Client) -> None:
    """Division and working type have a history: before, after, and booked for later."""

    def division(date: str) -> str:
        shown = touchontime.get(f"/employees/0417?date={date}").json()
        return str(shown["divisionCode"])

    key = box.touchontime.add(**NEW)
    now = touchontime.put(f"/employees/{key}", json={"divisionCode": "100"})
    assert now.json()["divisionCode"] == "100"
    path = f"/employees/{key}?updateDate=2026-12-01"
    later = touchontime.put(path, json={"divisionCode": "200", "lastName": "羽鳥"})
    assert later.json()["divisionCode"] == "100"
    assert later.json()["lastName"] == "羽鳥"
    dates = ("2026-11-19", "2026-11-20", "2026-11-30", "2026-12-01")
    assert [division(date) for date in dates] == ["210", "100", "100", "200"]
    listed = touchontime.get("/employees?date=2026-12-01&division=200").json()
    assert [row["divisionName"] for row in listed] == ["大阪支社"]
    assert box.touchontime.people[key]["divisionCode"] == "100"
    box.clock.set("2026-12-01T12:00:00+09:00")
    assert touchontime.get("/employees/0417").json()["divisionCode"] == "200"
    assert box.touchontime.people[key]["divisionCode"] == "200"
    assert [division(date) for date in dates] == ["210", "100", "100", "200"]


@pytest.mark.parametrize(("date", "status"), [("2026-11-01", 200), ("2026-10-31", 400), ("x", 400)])
def test_oldest_transfer(box: Sandbox, touchontime: httpx.Client, date: str, status: int) -> None:
    """An updateDate before the current month is refused unless the switch allows it."""
    key = box.touchontime.add(**NEW)
    path = f"/employees/{key}?updateDate={date}"
    assert touchontime.put(path, json={"divisionCode": "100"}).status_code == status
    box.touchontime.switches.oldest_transfer = False
    again = touchontime.put(path, json={"divisionCode": "200"}).status_code
    assert again == (400 if date == "x" else 200)


def test_normalisers_and_delay(box: Sandbox, touchontime: httpx.Client) -> None:
    """The shared switches work here too: texts changed on storing, creates seen late."""
    box.touchontime.switches.normalise = ["widen"]
    box.touchontime.switches.create_delay_s = 30
    shown = touchontime.post("/employees", json={**NEW, "lastName": "Mori"}).json()
    assert shown["lastName"] == "Ｍｏｒｉ"
    assert touchontime.get("/employees").json() == []
    assert touchontime.get("/employees/0417").status_code == 400
    box.clock.advance(31)
    assert len(touchontime.get("/employees").json()) == 1
