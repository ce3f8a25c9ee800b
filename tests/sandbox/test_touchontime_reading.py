"""What Touch On Time shows: employees as of a day, and the tables beside them."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.loopback import PLAIN

from renkei_sandbox import Sandbox

EVERYTHING = (
    "lastNamePhonetics,firstNamePhonetics,hiredDate,birthDate,resignationDate,emailAddresses,"
    "allDayRegardingWorkInMinute"
)


def codes(answer: httpx.Response) -> list[str]:
    """Return the employee codes of a list."""
    assert answer.status_code == 200, answer.text
    return [row["code"] for row in answer.json()]


def error_codes(answer: httpx.Response) -> list[int]:
    """Return the codes of the common error shape."""
    assert set(answer.json()) == {"errors"}
    return [error["code"] for error in answer.json()["errors"]]


def test_company_and_tables(touchontime: httpx.Client) -> None:
    """Company is one object; divisions, working types, groups and administrators are arrays."""
    company = touchontime.get("/company").json()
    assert company["settings"]["timeDisplayFormat"] == "sexagesimal"
    assert len(company["key"]) == 64
    divisions = touchontime.get("/divisions").json()
    assert set(divisions[0]) == {"code", "name", "dayBorderTime"}
    assert len({row["dayBorderTime"] for row in divisions}) > 1
    assert len({row["name"] for row in divisions}) < len(divisions)
    assert len(touchontime.get("/working-types").json()) == 3


def test_additional_fields_of_tables(box: Sandbox, touchontime: httpx.Client) -> None:
    """Groups and administrators show more when asked; unused groups are an empty array."""
    assert set(touchontime.get("/employee-groups").json()[0]) == {"code", "name"}
    more = touchontime.get("/employee-groups?additionalFields=category").json()
    assert more[0]["category"]["code"] == "S"
    assert set(touchontime.get("/administrators").json()[0]) == {"code", "key", "name"}
    query = "additionalFields=emailAddresses,associatedEmployees"
    assert len(touchontime.get(f"/administrators?{query}").json()[0]) == 5
    box.touchontime.switches.groups_used = False
    assert touchontime.get("/employee-groups").json() == []


def test_base_and_additional_fields(box: Sandbox, touchontime: httpx.Client) -> None:
    """Additional fields come when named, nulls never do, unknown names are ignored."""
    key = box.touchontime.add(
        code="0417", lastName="三雲", firstName="汐里", gender="female", hiredDate="2026-10-01"
    )
    base = touchontime.get("/employees/0417").json()
    expected = {"code", "key", "gender", "lastName", "firstName", "employeeGroups"}
    assert set(base) == expected | {"divisionCode", "divisionName", "typeCode", "typeName"}
    assert len(key) == 64
    query = f"additionalFields={EVERYTHING},nonsense"
    full = touchontime.get(f"/employees/0417?{query}").json()
    assert set(full) - set(base) == {"hiredDate", "allDayRegardingWorkInMinute"}
    assert touchontime.get(f"/employees?{query}").json() == [full]
    assert box.journal[-2].person == key


def test_groups_of_an_employee(box: Sandbox, touchontime: httpx.Client) -> None:
    """Somebody in a group shows it, others an empty list; the answer to an update has none."""
    box.touchontime.add(code="1", employeeGroups=[{"code": "G1", "name": "早番"}])
    key = box.touchontime.add(code="2", lastName="三雲")
    assert touchontime.get("/employees/1").json()["employeeGroups"][0]["code"] == "G1"
    assert touchontime.get("/employees/2").json()["employeeGroups"] == []
    assert all("employeeGroups" in row for row in touchontime.get("/employees").json())
    changed = touchontime.put(f"/employees/{key}", json={"lastName": "髙﨑"}).json()
    assert "employeeGroups" not in changed


def test_the_company_has_its_settings(touchontime: httpx.Client) -> None:
    """How half days count is among them."""
    assert touchontime.get("/company").json()["settings"]["halfDayWorkingCount"] == "oneDay"


def test_a_gender_that_nobody_chose_may_have_a_word(
    box: Sandbox, touchontime: httpx.Client
) -> None:
    """With the switch it is shown, and may be sent back without becoming one."""
    key = box.touchontime.add(code="1", lastName="三雲", firstName="汐里")
    assert "gender" not in touchontime.get("/employees/1").json()
    box.touchontime.switches.gender_unset = "no_selected"
    assert touchontime.get("/employees/1").json()["gender"] == "no_selected"
    answer = touchontime.put(f"/employees/{key}", json={"gender": "no_selected"})
    assert answer.json()["gender"] == "no_selected"
    assert box.touchontime.people[key]["gender"] is None


def test_blanks_may_stand_among_the_addresses(box: Sandbox, touchontime: httpx.Client) -> None:
    """With the switch a list begins and ends with an empty text, and takes some."""
    key = box.touchontime.add(code="1", emailAddresses=["a@example.com"])
    box.touchontime.switches.email_blanks = True
    query = "additionalFields=emailAddresses"
    shown = touchontime.get(f"/employees/1?{query}").json()["emailAddresses"]
    assert shown == ["", "a@example.com", ""]
    answer = touchontime.put(f"/employees/{key}", json={"emailAddresses": ["", "b@example.com"]})
    assert answer.json()["emailAddresses"] == ["", "b@example.com", ""]


def test_an_unknown_code_may_look_like_a_bad_token(box: Sandbox, touchontime: httpx.Client) -> None:
    """With the switch its code is 100; the list tells that the token is good."""
    box.touchontime.switches.unknown_code = "100"
    answer = touchontime.get("/employees/none")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 100)
    assert touchontime.get("/employees").status_code == 200


def test_list_is_ordered_with_leavers_last(box: Sandbox, touchontime: httpx.Client) -> None:
    """The list goes by division, working type and code; people with a last day are at the end."""
    box.touchontime.add(code="4", divisionCode="100", resignationDate="2027-01-31")
    box.touchontime.add(code="3", divisionCode="200")
    box.touchontime.add(code="2", divisionCode="100", typeCode="2")
    box.touchontime.add(code="1", divisionCode="100", typeCode="2")
    assert codes(touchontime.get("/employees")) == ["1", "2", "3", "4"]
    box.touchontime.edit(box.touchontime.find("3")[0]["key"], divisionCode="100", typeCode="1")
    assert codes(touchontime.get("/employees")) == ["3", "1", "2", "4"]


def test_large_list_is_one_array_without_paging(box: Sandbox, touchontime: httpx.Client) -> None:
    """Three thousand employees come in one array."""
    for number in range(3000):
        box.touchontime.add(code=f"{number:05d}")
    answer = touchontime.get("/employees")
    assert codes(answer) == [f"{number:05d}" for number in range(3000)]
    assert answer.headers["transfer-encoding"] == "chunked"


@pytest.mark.parametrize(
    ("date", "resigner", "expected"),
    [
        ("2026-11-19", "false", ["last_day_20", "stays"]),
        ("2026-11-20", "false", ["stays"]),
        ("2026-11-21", "false", ["stays"]),
        ("2026-11-20", "true", ["stays", "last_day_20"]),
    ],
)
def test_resigned_as_of_a_day(
    box: Sandbox, touchontime: httpx.Client, date: str, resigner: str, expected: list[str]
) -> None:
    """People who left on or before the day are hidden unless includeResigner is true."""
    box.touchontime.add(code="last_day_20", resignationDate="2026-11-20")
    box.touchontime.add(code="stays")
    query = f"date={date}&includeResigner={resigner}"
    assert sorted(codes(touchontime.get(f"/employees?{query}"))) == sorted(expected)
    one = touchontime.get(f"/employees/last_day_20?{query}")
    assert (one.status_code == 200) is ("last_day_20" in expected)


def test_last_day_can_count_as_present(box: Sandbox, touchontime: httpx.Client) -> None:
    """With the switch, somebody whose last day is the day asked for is still listed."""
    box.touchontime.add(code="1", resignationDate="2026-11-20")
    assert codes(touchontime.get("/employees")) == []
    box.touchontime.switches.resignation_day = "still"
    assert codes(touchontime.get("/employees")) == ["1"]


def test_future_hires(box: Sandbox, touchontime: httpx.Client) -> None:
    """Somebody hired later is listed, unless the switch hides them."""
    box.touchontime.add(code="1", hiredDate="2026-12-01")
    assert codes(touchontime.get("/employees")) == ["1"]
    box.touchontime.switches.future_hires = False
    assert codes(touchontime.get("/employees")) == []
    assert codes(touchontime.get("/employees?date=2026-12-01")) == ["1"]


@pytest.mark.parametrize(
    ("date", "status"),
    [
        ("2023-11-20", 200),
        ("2023-11-19", 400),
        ("2027-11-20", 200),
        ("2027-11-21", 400),
        ("2026-11", 400),
        ("2026-02-30", 400),
        ("20261120", 400),
        ("", 400),
    ],
)
def test_range_and_format_of_the_date(touchontime: httpx.Client, date: str, status: int) -> None:
    """Three years back to one year ahead, both included; a bad format has code 2."""
    answer = touchontime.get(f"/employees?date={date}")
    assert answer.status_code == status
    if status == 400:
        assert error_codes(answer) in ([2], [9011])


def test_leap_day_range(box: Sandbox, touchontime: httpx.Client) -> None:
    """On 29 February the range ends on 28 February of the other years."""
    box.clock.set("2028-02-29T12:00:00+09:00")
    assert touchontime.get("/employees?date=2025-02-28").status_code == 200
    assert touchontime.get("/employees?date=2029-02-28").status_code == 200
    assert touchontime.get("/employees?date=2029-03-01").status_code == 400


def test_division_filter(box: Sandbox, touchontime: httpx.Client) -> None:
    """The list can be limited to one division; an unknown one is refused, or empty."""
    box.touchontime.add(code="1", divisionCode="100")
    box.touchontime.add(code="2", divisionCode="200")
    assert codes(touchontime.get("/employees?division=200")) == ["2"]
    assert touchontime.get("/employees?division=999").status_code == 400
    box.touchontime.switches.unknown_division = "empty"
    assert codes(touchontime.get("/employees?division=999")) == []


def test_unknown_code(box: Sandbox, touchontime: httpx.Client) -> None:
    """An unknown code answers 400, or 404 with the switch; codes are percent-decoded."""
    answer = touchontime.get("/employees/nobody")
    assert answer.status_code == 400
    assert error_codes(answer)[0] >= 9000
    box.touchontime.switches.unknown_code_status = 404
    assert touchontime.get("/employees/nobody").status_code == 404
    box.touchontime.add(code="A/ 1")
    assert touchontime.get("/employees/A%2F%201").json()["code"] == "A/ 1"


def test_unknown_routes(box: Sandbox, touchontime: httpx.Client) -> None:
    """Addresses and methods that do not exist answer 404 in the common shape."""
    for method, path in (("GET", "/nothing"), ("POST", "/divisions"), ("PATCH", "/employees/x")):
        assert error_codes(touchontime.request(method, path)) == [9013]
    other = httpx.get(f"{box.url}/touchontime/v2/company", verify=PLAIN, trust_env=False)
    assert other.status_code == 404


def test_answer_is_json_in_utf_8(box: Sandbox, touchontime: httpx.Client) -> None:
    """Japanese text comes verbatim, not escaped; the content type says UTF-8."""
    box.touchontime.add(code="1", lastName="髙﨑")
    answer = touchontime.get("/employees")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "髙﨑".encode() in answer.content
    assert json.loads(answer.content)[0]["lastName"] == "髙﨑"
