import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from renkei.connector import (
    JST,
    AccessError,
    AnswerError,
    ClosedError,
    Connection,
    Customer,
    Employee,
    InDoubtError,
    RecordError,
    Ref,
    UnavailableError,
    Values,
)
from renkei_touchontime import TouchOnTime, records

BASE = "https://api.kingtime.jp/v1.0"
EMPLOYEES = f"{BASE}/employees"
TODAY = dt.date(2026, 11, 20)
FAR = "2027-11-19"
ALL = [spec.name for spec in TouchOnTime(Connection.offline("touchontime")).fields()]
NAME = "三雲"


@pytest.fixture
def tot(connect: Callable[[str, str], Connection]) -> TouchOnTime:
    return TouchOnTime(connect("tot", BASE))


def person(code: str = "0417", **changes: Any) -> dict[str, Any]:
    whole = {
        "key": f"key-{code}",
        "code": code,
        "lastName": NAME,
        "firstName": "汐里",
        "gender": "female",
        "divisionCode": "100",
        "divisionName": "東京本社",
        "typeCode": "1",
        "typeName": "正社員",
        "hiredDate": "2020-04-01",
        "emailAddresses": ["mikumo@example.com", "spare@example.com"],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def error(status: int, *codes: object, message: str = "だめです") -> httpx.Response:
    body = {"errors": [{"message": message, "code": code} for code in codes]}
    return httpx.Response(status, json=body)


def by_date(**lists: list[Any] | httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """Answer by the date asked for: ``far`` and otherwise ``today``."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = lists.get("far" if request.url.params["date"] == FAR else "today", [])
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    return answer


def listed(tot: TouchOnTime, fields: list[str] = ALL) -> list[Employee]:
    return list(tot.list_employees(at=TODAY, fields=fields))


def read(
    tot: TouchOnTime, *refs: Ref, at: dt.date = TODAY, fields: list[str] = ALL
) -> list[Employee]:
    return list(tot.read_employees(refs=refs, at=at, fields=fields))


# -- reading -----------------------------------------------------------------------------------


def test_one_call_lists_everybody_and_another_future_hires(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """Resigned people included; who shows in both lists comes once, as of the base date."""
    lists = by_date(
        today=[person("1", divisionCode="100")],
        far=[person("1", divisionCode="200"), person("2", divisionCode="300")],
    )
    route = mock.get(EMPLOYEES).mock(side_effect=lists)
    people = listed(tot, ["code", "hiredDate", "divisionCode"])
    assert [(p.values["code"], p.values["divisionCode"]) for p in people] == [
        ("1", "100"),
        ("2", "300"),
    ]
    assert [dict(call.request.url.params) for call in route.calls] == [
        {
            "date": date,
            "includeResigner": "true",
            "additionalFields": "emailAddresses,hiredDate",
        }
        for date in ("2026-11-20", FAR)
    ]


def test_a_refused_far_date_is_nobody(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """Should the vendor's calendar differ, the list as of the base date is what there is."""
    mock.get(EMPLOYEES).mock(side_effect=by_date(today=[person("1")], far=error(400, 2)))
    assert len(listed(tot)) == 1


def test_a_refused_base_date_is_an_error(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """A 400 to the first call is not an empty company."""
    mock.get(EMPLOYEES).mock(return_value=error(400, 2))
    with pytest.raises(AnswerError):
        listed(tot)


def test_what_is_left_out_is_empty(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """Null properties are not in the answer; the first address is shown as text."""
    mock.get(EMPLOYEES).mock(side_effect=by_date(today=[person()]))
    [one] = listed(tot)
    assert one.values["birthDate"] is None
    assert one.values["hiredDate"] == dt.date(2020, 4, 1)
    assert one.values["emailAddresses"] == "mikumo@example.com"
    assert set(one.values) == set(ALL)
    assert NAME not in repr(one.extra)
    assert "mikumo" not in repr(one.extra)


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("hiredDate", "2020/04/01"),
        ("hiredDate", 20200401),
        ("code", 417),
        ("gender", "x"),
        ("lastName", {"a": 1}),
        ("emailAddresses", "a@example.com"),
        ("emailAddresses", [1]),
    ],
)
def test_an_odd_value_concerns_one_person_only(
    tot: TouchOnTime, mock: respx.MockRouter, field: str, raw: object
) -> None:
    """The field is named as unreadable, its value goes nowhere, everybody else goes on."""
    mock.get(EMPLOYEES).mock(side_effect=by_date(today=[{**person("1"), field: raw}, person("2")]))
    odd, fine = listed(tot)
    assert odd.unreadable == (field,)
    assert field not in odd.values
    assert fine.unreadable == ()


@pytest.mark.parametrize("row", [{}, {"key": ""}, {"key": 5}, "x", [], None])
def test_a_record_without_a_key_stops_the_list(
    tot: TouchOnTime, mock: respx.MockRouter, row: object
) -> None:
    """The place is named."""
    mock.get(EMPLOYEES).mock(return_value=httpx.Response(200, json=[person("1"), row]))
    with pytest.raises(AnswerError, match="record 2"):
        listed(tot)


def test_a_few_numbers_are_read_one_by_one(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """As of today, whatever the base date; an unknown code is nobody, however it is said."""
    mock.get(f"{EMPLOYEES}/1").mock(return_value=httpx.Response(200, json=person("1")))
    mock.get(f"{EMPLOYEES}/2").mock(return_value=error(400, 9012))
    mock.get(f"{EMPLOYEES}/3").mock(return_value=error(404, 526))
    people = read(
        tot, *(Ref(number=n) for n in "123"), at=dt.date(2026, 12, 31), fields=["code", "lastName"]
    )
    assert [p.values["code"] for p in people] == ["1"]
    assert mock.calls[0].request.url.params["date"] == "2026-11-20"
    assert {call.request.url.params["date"] for call in mock.calls[1:]} == {"2026-11-20", FAR}


def test_a_refusal_is_not_an_absence(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """A closed door does not mean that nobody is there."""
    mock.get(f"{EMPLOYEES}/1").mock(return_value=error(403, 100))
    with pytest.raises(AccessError):
        read(tot, Ref(number="1"))


def test_another_code_than_asked_for_is_nobody(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """Numbers match exactly, also if the system is more generous."""
    mock.get(f"{EMPLOYEES}/a1").mock(return_value=httpx.Response(200, json=person("A1")))
    assert read(tot, Ref(number="a1")) == []


def test_a_future_hire_is_found_later(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """Somebody who does not show today is looked for at the far date."""
    answer = by_date(today=error(400, 9012), far=httpx.Response(200, json=person("1")))
    mock.get(f"{EMPLOYEES}/1").mock(side_effect=answer)
    assert len(read(tot, Ref(number="1"))) == 1


def test_many_are_read_with_one_list(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """Four people are one call, and the far list is only read if somebody is missing."""
    route = mock.get(EMPLOYEES).mock(side_effect=by_date(today=[person(n) for n in "123456"]))
    assert len(read(tot, *(Ref(number=n) for n in "1234"))) == 4
    assert route.call_count == 1
    read(tot, *(Ref(number=n) for n in "1239"))
    assert route.call_count == 3


def test_keys_that_were_seen_are_read_by_number(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """An id costs one list the first time and one small call afterwards."""
    lists = mock.get(EMPLOYEES).mock(side_effect=by_date(today=[person("1"), person("2")]))
    single = mock.get(f"{EMPLOYEES}/1").mock(return_value=httpx.Response(200, json=person("1")))
    for _read in range(3):
        assert [p.id for p in read(tot, Ref(id="key-1"))] == ["key-1"]
    assert (lists.call_count, single.call_count) == (1, 2)


def test_a_key_whose_number_has_changed_is_still_found(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """A remembered number is only a short cut."""
    mock.get(EMPLOYEES).mock(
        side_effect=[httpx.Response(200, json=[person(n, key="key-1")]) for n in "12"]
    )
    mock.get(f"{EMPLOYEES}/1").mock(return_value=error(400, 9012))
    read(tot, Ref(id="key-1"))
    [found] = read(tot, Ref(id="key-1"))
    assert found.values["code"] == "2"


@pytest.mark.parametrize("number", ["..", ".", "a/b", "a b", "1?x"])
def test_a_number_that_is_no_path_is_looked_for_in_the_list(
    tot: TouchOnTime, mock: respx.MockRouter, number: str
) -> None:
    """Nothing odd is put into an address."""
    mock.get(EMPLOYEES).mock(side_effect=by_date(today=[person(number)]))
    assert len(read(tot, Ref(number=number))) == 1


def test_only_dated_fields_follow_the_base_date(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """The division shown is the base date's; the one that is sent again is today's."""

    def answer(request: httpx.Request) -> httpx.Response:
        later = request.url.params["date"] != "2026-11-20"
        return httpx.Response(200, json=person("1", divisionCode="200" if later else "100"))

    mock.get(f"{EMPLOYEES}/1").mock(side_effect=answer)
    [found] = read(tot, Ref(number="1"), at=dt.date(2026, 12, 31))
    assert found.values["divisionCode"] == "200"
    route = mock.put(f"{EMPLOYEES}/key-1").mock(side_effect=wants_base("1"))
    tot.update_employee(current=found, changes={"lastName": "髙﨑"})
    assert json.loads(route.calls.last.request.content)["divisionCode"] == "100"


# -- writing -----------------------------------------------------------------------------------

NEW: Values = {
    "code": "0417",
    "lastName": "髙﨑",
    "hiredDate": dt.date(2026, 12, 1),
    "birthDate": None,
    "emailAddresses": "a@example.com",
    "divisionCode": "100",
}


def current(mock: respx.MockRouter, tot: TouchOnTime, **changes: Any) -> Employee:
    mock.get(f"{EMPLOYEES}/0417").mock(return_value=httpx.Response(200, json=person(**changes)))
    [found] = read(tot, Ref(number="0417"))
    return found


def stored(request: httpx.Request, **before: Any) -> httpx.Response:
    """Answer an update as the documents say: the whole employee, without what is empty."""
    sent = {name: value or None for name, value in json.loads(request.content).items()}
    return httpx.Response(200, json=person(**{**before, **sent}))


def wants_base(code: str = "0417") -> Callable[[httpx.Request], httpx.Response]:
    """Take an update with all six base values only."""

    def answer(request: httpx.Request) -> httpx.Response:
        lacking = set(records.BASE) - json.loads(request.content).keys()
        return error(400, 222) if lacking else stored(request, code=code)

    return answer


def test_a_new_employee_is_sent_without_what_is_empty(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """The first address becomes a list; the answer need not hold more than the key."""
    route = mock.post(EMPLOYEES).respond(201, json={"key": "k"})
    assert tot.create_employee(values=NEW).id == "k"
    assert json.loads(route.calls.last.request.content) == {
        "code": "0417",
        "lastName": "髙﨑",
        "hiredDate": "2026-12-01",
        "emailAddresses": ["a@example.com"],
        "divisionCode": "100",
    }


@pytest.mark.parametrize("answer", [{}, [], {"key": 5}, {"key": "k", "code": "9999"}, None])
def test_an_answer_about_somebody_else_is_in_doubt(
    tot: TouchOnTime, mock: respx.MockRouter, answer: object
) -> None:
    """201 alone does not say that our employee was created."""
    mock.post(EMPLOYEES).respond(201, json=answer)
    with pytest.raises(InDoubtError):
        tot.create_employee(values=NEW)


def test_an_update_sends_only_what_changed(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """By key, with empty text for what is emptied, and never a date of effect."""
    route = mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=stored)
    tot.update_employee(
        current=current(mock, tot), changes={"lastName": "髙﨑", "resignationDate": None}
    )
    assert json.loads(route.calls.last.request.content) == {
        "lastName": "髙﨑",
        "resignationDate": "",
    }
    assert not route.calls.last.request.url.params


@pytest.mark.parametrize(
    ("had", "first", "sent"),
    [
        (["a@x.test", "b@x.test", "c@x.test"], "n@x.test", ["n@x.test", "b@x.test", "c@x.test"]),
        (["a@x.test", "b@x.test"], "b@x.test", ["b@x.test"]),
        (["a@x.test", "b@x.test"], None, ["b@x.test"]),
        (["a@x.test"], None, []),
        (["", "a@x.test"], "n@x.test", ["n@x.test", "a@x.test"]),
        (["", "a@x.test", "b@x.test"], "n@x.test", ["n@x.test", "a@x.test", "b@x.test"]),
        (["", "a@x.test"], "A@X.test", ["A@X.test"]),
        (["", "a@x.test", " ", "b@x.test"], None, ["a@x.test", "b@x.test"]),
        (["a@x.test", "", "b@x.test"], "n@x.test", ["n@x.test", "b@x.test"]),
        (["a@x.test", "b@x.test", "c@x.test"], "B@X.test", ["B@X.test", "c@x.test"]),
        (["a@x.test", "b@x.test", "B@x.test"], "n@x.test", ["n@x.test", "b@x.test"]),
        ([None, "a@x.test"], "n@x.test", ["n@x.test", "a@x.test"]),
        (["　"], "n@x.test", ["n@x.test"]),
        (None, "n@x.test", ["n@x.test"]),
    ],
)
def test_only_the_first_address_changes(
    tot: TouchOnTime,
    mock: respx.MockRouter,
    had: list[str] | None,
    first: str | None,
    sent: list[str],
) -> None:
    """The whole list is sent, with all other addresses as just read and none twice."""
    route = mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=stored)
    person_now = current(mock, tot, emailAddresses=had)
    tot.update_employee(current=person_now, changes={"emailAddresses": first})
    assert json.loads(route.calls.last.request.content) == {"emailAddresses": sent}


@pytest.mark.parametrize(
    ("raw", "first", "others"),
    [
        (["a@x.test"], "a@x.test", ()),
        (["", "a@x.test"], "a@x.test", ("a@x.test",)),
        ([None, " ", "a@x.test", "", "b@x.test"], "a@x.test", ("a@x.test", "b@x.test")),
        ([" a@x.test "], " a@x.test ", ()),
        ([""], None, ()),
        ([], None, ()),
        (None, None, ()),
    ],
)
def test_the_first_address_that_is_not_empty_is_the_one(
    tot: TouchOnTime, mock: respx.MockRouter, raw: list[str] | None, first: str, others: object
) -> None:
    """Blanks and nulls are no addresses; told are those that stay when the first is replaced."""
    found = current(mock, tot, emailAddresses=raw)
    assert found.values["emailAddresses"] == first
    assert found.others.get("emailAddresses", ()) == others
    assert found.unreadable == ()


def test_addresses_nobody_asked_for_are_not_told(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """They are read for later updates only."""
    mock.get(f"{EMPLOYEES}/0417").mock(return_value=httpx.Response(200, json=person()))
    (found,) = tot.read_employees(refs=[Ref(number="0417")], at=TODAY, fields=["code", "lastName"])
    assert found.others == {}


def test_with_base_values_the_list_is_changed_as_it_is_now(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """The list just read again is the one whose first address is replaced, or filled in."""
    before = current(mock, tot, emailAddresses=["", "a@x.test"])
    current(mock, tot, emailAddresses=["", "a@x.test", "", "late@x.test"])
    route = mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=wants_base())
    tot.update_employee(current=before, changes={"emailAddresses": "n@x.test"})
    sent = json.loads(route.calls.last.request.content)["emailAddresses"]
    assert sent == ["n@x.test", "a@x.test", "late@x.test"]


def test_a_system_that_sorts_its_addresses_has_stored_them(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """The new address is there, though not in front."""
    answer = httpx.Response(200, json=person(emailAddresses=["a@x.test", "n@x.test"]))
    mock.put(f"{EMPLOYEES}/key-0417").mock(return_value=answer)
    before = current(mock, tot, emailAddresses=["a@x.test"])
    tot.update_employee(current=before, changes={"emailAddresses": "n@x.test"})


@pytest.mark.parametrize(
    ("codes", "message"),
    [((222,), "だめです"), ((9999,), "typeCode は不正です"), ((9999,), "入力は必須です")],
)
def test_base_values_are_sent_once_if_they_are_wanted(
    tot: TouchOnTime, mock: respx.MockRouter, codes: tuple[int, ...], message: str
) -> None:
    """Should a part not be accepted, the base values go along, the changes on top."""
    refused = error(400, *codes, message=message)
    done = httpx.Response(200, json=person(lastName="髙﨑"))
    route = mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=[refused, done])
    tot.update_employee(current=current(mock, tot), changes={"lastName": "髙﨑"})
    assert json.loads(route.calls.last.request.content) == {
        "code": "0417",
        "lastName": "髙﨑",
        "firstName": "汐里",
        "gender": "female",
        "divisionCode": "100",
        "typeCode": "1",
    }
    route.mock(side_effect=[refused])
    with pytest.raises(RecordError):
        tot.update_employee(current=current(mock, tot), changes={"lastName": "髙﨑"})


def test_a_refusal_that_base_values_do_not_help_proves_nothing(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """Refused with the base values as well: the next employee is tried without them again."""
    route = mock.put(f"{EMPLOYEES}/key-0417")
    refused = error(400, 222)
    route.mock(side_effect=[refused, refused])
    with pytest.raises(RecordError):
        tot.update_employee(current=current(mock, tot), changes={"lastName": "髙﨑"})
    route.mock(side_effect=stored)
    tot.update_employee(current=current(mock, tot), changes={"lastName": "髙﨑"})
    assert json.loads(route.calls.last.request.content) == {"lastName": "髙﨑"}


def test_base_values_are_no_cure_for_another_field(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """A refusal that names what is no base value is what it says."""
    refused = error(400, 222, message="birthDate は必須です")
    route = mock.put(f"{EMPLOYEES}/key-0417").mock(return_value=refused)
    with pytest.raises(RecordError) as caught:
        tot.update_employee(current=current(mock, tot), changes={"lastName": "髙﨑"})
    assert (caught.value.code, caught.value.fields) == ("missing", ("birthDate",))
    assert route.call_count == 1


def test_base_values_are_those_of_this_moment(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """What somebody has changed since the last look is read again, not put back."""
    before = current(mock, tot)
    current(mock, tot, lastName="編集", divisionCode="210", emailAddresses=["a@x.test", "n@x.test"])
    route = mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=wants_base())
    changes: Values = {"firstName": "栞", "emailAddresses": None}
    with pytest.raises(RecordError) as caught:
        tot.update_employee(current=before, changes=changes)
    assert (caught.value.code, caught.value.fields) == ("changed_since_fetch", ("emailAddresses",))
    assert route.call_count == 1, "only the one that was refused"
    tot.update_employee(current=before, changes={"firstName": "栞"})
    sent = json.loads(route.calls.last.request.content)
    assert (sent["lastName"], sent["divisionCode"], sent["firstName"]) == ("編集", "210", "栞")


def test_what_is_as_wanted_by_now_is_no_conflict(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """Somebody entered the very same value in the meantime: nothing of theirs is lost."""
    before = current(mock, tot)
    current(mock, tot, lastName="髙﨑")
    mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=wants_base())
    tot.update_employee(current=before, changes={"lastName": "髙﨑"})


def test_base_values_are_refused_once_only(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """A connection that wants them gets them with each further update at once."""
    route = mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=wants_base())
    for name in ("髙﨑", "三雲", "髙﨑"):
        tot.update_employee(current=current(mock, tot), changes={"lastName": name})
    assert [call.response.status_code for call in route.calls] == [400, 200, 200, 200]


@pytest.mark.parametrize("known", [True, False])
def test_who_is_gone_when_the_base_values_are_read(
    tot: TouchOnTime, mock: respx.MockRouter, *, known: bool
) -> None:
    """Nobody is there any more, by number and by list: gone, not refused."""
    one = current(mock, tot)
    mock.get(f"{EMPLOYEES}/0417").mock(return_value=error(400, 9012))
    mock.get(EMPLOYEES).respond(json=[])
    mock.put(f"{EMPLOYEES}/key-0417").mock(return_value=error(400, 222))
    if not known:
        one = Employee(id=one.id, values=one.values)
    with pytest.raises(RecordError) as caught:
        tot.update_employee(current=one, changes={"lastName": "髙﨑"})
    assert caught.value.code == "not_found"


def test_base_values_of_another_day_are_not_sent(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """A transfer that is only booked must not happen early; the reason says what is the matter."""
    route = mock.put(f"{EMPLOYEES}/key-0417").mock(return_value=error(400, 222))
    mock.get(f"{EMPLOYEES}/0417").mock(
        side_effect=by_date(today=error(400, 9012), far=httpx.Response(200, json=person()))
    )
    [booked] = read(tot, Ref(number="0417"))
    with pytest.raises(RecordError) as caught:
        tot.update_employee(current=booked, changes={"lastName": "髙﨑"})
    assert caught.value.code == "not_shown_yet"
    assert route.call_count == 1


BORN, LEFT = dt.date(1990, 1, 1), dt.date(2026, 10, 31)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"birthDate": "1990-01-01"}, {"birthDate": BORN, "resignationDate": None}),
        ({"resignationDate": "2026-10-31"}, {"birthDate": BORN, "resignationDate": LEFT}),
        ({"birthDate": None, "resignationDate": "2026-10-31"},
         {"birthDate": None, "resignationDate": LEFT}),
        ({"birthDate": "soon"}, {"resignationDate": None}),
        ({"birthDate": None, "hiredDate": None, "emailAddresses": None}, {}),
    ],
)  # fmt: skip
def test_an_answer_shows_what_was_stored(
    tot: TouchOnTime, mock: respx.MockRouter, answer: dict[str, Any], shown: Values
) -> None:
    """
    What an answer leaves out is empty if it shows others of the kind, and unknown otherwise.

    What makes no sense is unknown.
    """
    before = current(mock, tot)
    mock.put(f"{EMPLOYEES}/key-0417").respond(json=person(**{"birthDate": "1990-01-01", **answer}))
    after = tot.update_employee(current=before, changes={"lastName": NAME}).values
    names = ("birthDate", "resignationDate")
    assert {name: after[name] for name in names if name in after} == shown
    assert after["lastName"] == NAME


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 500])
@pytest.mark.parametrize("code", [100, 111, 401, "100"])
def test_no_access_names_all_three_causes(
    tot: TouchOnTime, mock: respx.MockRouter, status: int, code: object
) -> None:
    """The vendor does not tell them apart, so neither do we."""
    mock.get(EMPLOYEES).mock(return_value=error(status, code))
    with pytest.raises(AccessError, match=r"token.*address.*right") as caught:
        listed(tot)
    assert caught.value.where == "tot"


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("08:30:00", "10:00"),
        ("17:29:40", "18:30"),
        ("18:30:20", "18:40"),
        ("10:00:01", "10:10"),
        ("12:00:00", "12:10"),
        ("23:59:00", "00:09"),
        ("08:29:59", "10:00"),
        ("05:00:00", "10:00"),
    ],
)
def test_the_closed_band_is_told_by_its_code(
    tot: TouchOnTime, mock: respx.MockRouter, clock: Any, now: str, opens: str
) -> None:
    """
    Code 104 settles what the clocks disagree on: the band that holds now, or the nearest.

    Should that be over already, nobody knows until when: some minutes later, never a past time.
    """
    clock.at = dt.datetime.combine(TODAY, dt.time.fromisoformat(now), JST)
    mock.post(EMPLOYEES).mock(return_value=error(403, "104"))
    with pytest.raises(ClosedError, match=opens) as caught:
        tot.create_employee(values=NEW)
    assert caught.value.opens.astimezone(JST).strftime("%H:%M") == opens
    assert caught.value.opens > clock.now()
    assert caught.value.nothing_done


@pytest.mark.parametrize("status", [403, 429, 500])
@pytest.mark.parametrize("code", [105, 303, "308", 429])
def test_limits_did_nothing(
    tot: TouchOnTime, mock: respx.MockRouter, status: int, code: object
) -> None:
    """A limit is no refusal: even a create goes out again, in either shape of the answer."""
    flat = httpx.Response(status, json={"code": code, "message": "Too Many Requests"})
    done = httpx.Response(201, json={"key": "k"})
    mock.post(EMPLOYEES).mock(side_effect=[flat, error(status, code), done])
    assert tot.create_employee(values=NEW).id == "k"


def test_maintenance_ends_a_read_at_once(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """500 with code 300 is not tried again within this command."""
    route = mock.get(EMPLOYEES).mock(return_value=error(500, 300))
    with pytest.raises(UnavailableError) as caught:
        listed(tot)
    assert (route.call_count, caught.value.code) == (1, "maintenance")


def test_maintenance_leaves_a_create_in_doubt(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """Code 300 may also be an outage in the middle of the work."""
    route = mock.post(EMPLOYEES).mock(return_value=error(500, 300))
    with pytest.raises(InDoubtError):
        tot.create_employee(values=NEW)
    assert route.call_count == 1


@pytest.mark.parametrize(("status", "code"), [(404, 526), (400, 526), (404, 9999)])
def test_an_unknown_key_is_one_employees_problem(
    tot: TouchOnTime, mock: respx.MockRouter, status: int, code: int
) -> None:
    """Somebody who was deleted meanwhile is not found."""
    mock.put(f"{EMPLOYEES}/key-0417").mock(return_value=error(status, code))
    with pytest.raises(RecordError) as caught:
        tot.update_employee(current=current(mock, tot), changes={"lastName": "x"})
    assert caught.value.code == "not_found"


def test_a_refused_employee_names_fields_and_keeps_the_text_apart(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """The vendor's own sentences may quote values: they are detail for the report only."""
    text = f"lastNamePhonetics が不正です: {NAME}"
    mock.post(EMPLOYEES).mock(return_value=error(400, 9009, message=text))
    with pytest.raises(RecordError) as caught:
        tot.create_employee(values=NEW)
    assert caught.value.fields == ("lastNamePhonetics",)
    assert caught.value.detail == text
    assert NAME not in str(caught.value)


def test_a_plain_500_is_in_doubt(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """A gateway's page says nothing about the create behind it."""
    mock.post(EMPLOYEES).respond(502, html="<html>bad gateway</html>")
    with pytest.raises(InDoubtError):
        tot.create_employee(values=NEW)


# -- choices and check -------------------------------------------------------------------------


def test_choices_are_read_live(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """Divisions and working types, by code and name, two of one name included."""
    mock.get(f"{BASE}/divisions").respond(
        json=[{"code": "100", "name": "営業"}, {"code": "200", "name": "営業"}]
    )
    mock.get(f"{BASE}/working-types").respond(json=[{"code": "1", "name": "正社員"}])
    division, working = tot.new_employee_fields()
    assert (division.name, working.name) == ("divisionCode", "typeCode")
    assert [c.code for c in division.choices] == ["100", "200"]
    assert (division.label.ja, division.label.en) == ("所属事業所（所属）", "Division")
    assert (working.label.ja, working.label.en) == ("雇用区分", "Working type")


def test_a_choice_without_a_code_makes_no_sense(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """The place of the odd record is named."""
    mock.get(f"{BASE}/divisions").respond(json=[{"code": "1", "name": "a"}, {"name": "b"}])
    with pytest.raises(AnswerError, match="record 2"):
        tot.new_employee_fields()


def test_check_tells_whose_token_it_is(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """All that is needed is read; a missing right is named with the three causes."""
    mock.get(f"{BASE}/company").respond(json={"name": "あけぼの"})
    mock.get(f"{BASE}/divisions").respond(json=[])
    mock.get(f"{BASE}/working-types").mock(return_value=error(403, 100))
    mock.get(EMPLOYEES).respond(json=[person()])
    account = tot.check()
    assert account.name == "あけぼの"
    [problem] = [f.message for f in account.findings if f.level == "problem"]
    assert "/working-types" in problem
    assert "address" in problem
    assert not any("/tokens/" in str(call.request.url) for call in mock.calls)


def test_check_asks_for_employees_as_a_fetch_does(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """A system may refuse properties that it does not know, one without a name among them."""
    for table in ("company", "divisions", "working-types"):
        mock.get(f"{BASE}/{table}").respond(json=[] if table != "company" else {"name": "甲"})
    route = mock.get(EMPLOYEES).respond(json=[person()])
    tot.check()
    asked = route.calls.last.request.url.params["additionalFields"]
    [*tot.list_employees(TODAY, ALL)]
    assert asked == route.calls.last.request.url.params["additionalFields"]
    assert all(asked.split(","))


@pytest.mark.parametrize(
    ("company", "told"),
    [
        ({"key": "k1", "code": "a", "name": "甲"}, Customer(name="甲", ids=("k1",))),
        ({"code": "a", "name": "甲"}, Customer(name="甲")),
        ({"key": 5, "name": None}, Customer()),
        ([], None),
    ],
)
def test_an_account_is_told_by_name_and_key(
    tot: TouchOnTime, mock: respx.MockRouter, company: object, told: Customer | None
) -> None:
    """One request; the code may be changed, so it is no id."""
    route = mock.get(f"{BASE}/company").respond(json=company)
    assert tot.account_name() == told
    assert route.call_count == 1


def test_check_refuses_a_token_that_opens_nothing(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """If all is refused it is the token or the address, and an error."""
    mock.route(host="api.kingtime.jp").mock(return_value=error(403, 100))
    with pytest.raises(AccessError):
        tot.check()


@pytest.mark.parametrize("refusal", [error(403, 100), error(404, 9013)])
def test_check_needs_no_company(
    tot: TouchOnTime, mock: respx.MockRouter, refusal: httpx.Response
) -> None:
    """The sync never asks for the company: a warning, and the host instead of a name."""
    mock.get(f"{BASE}/company").mock(return_value=refusal)
    for path in ("divisions", "working-types", "employees"):
        mock.get(f"{BASE}/{path}").respond(json=[])
    account = tot.check()
    assert account.name == "api.kingtime.jp"
    assert [f.level for f in account.findings] == [*("warning", "ok", "ok", "ok", "note", "note")]
    assert "/company" in account.findings[0].message


def test_an_object_instead_of_a_list_is_no_broken_json(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """Wrapped rows are called something else; a refusal with status 200 is what its code says."""
    mock.get(EMPLOYEES).respond(json={"data": [person()]})
    with pytest.raises(AnswerError, match="where a list belongs"):
        listed(tot)
    mock.get(EMPLOYEES).respond(json={"code": "303", "message": "Too Many Requests"})
    with pytest.raises(UnavailableError) as caught:
        listed(tot)
    assert (caught.value.code, caught.value.where) == ("rate_limit", "tot")


def test_who_joins_on_the_farthest_base_date_is_found(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """A look-up asks for the base date itself, which may be a day behind the last one we ask."""
    farthest = dt.date(2027, 11, 20)

    def answer(request: httpx.Request) -> httpx.Response:
        shown = request.url.params["date"] == "2027-11-20"
        hired = person("1", hiredDate="2027-11-20")
        alone = request.url.path.endswith("/1")
        if alone:
            return httpx.Response(200, json=hired) if shown else error(400, 9012)
        return httpx.Response(200, json=[hired] if shown else [])

    mock.get(url__startswith=EMPLOYEES).mock(side_effect=answer)
    assert len(read(tot, Ref(number="1"), at=farthest, fields=["code"])) == 1
    numbers = (Ref(number=n) for n in "12345")
    assert len(read(tot, *numbers, at=farthest, fields=["code"])) == 1
    assert read(tot, Ref(number="1"), fields=["code"]) == []


def test_a_refused_farthest_date_is_nobody(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """Should the vendor's year end a day earlier, everybody else is still found."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params["date"] == "2027-11-20":
            return error(400, 9011)
        return httpx.Response(200, json=[person(n) for n in "123"])

    mock.get(EMPLOYEES).mock(side_effect=answer)
    numbers = (Ref(number=n) for n in "1234")
    found = read(tot, *numbers, at=dt.date(2027, 11, 20), fields=["code"])
    assert [one.values["code"] for one in found] == ["1", "2", "3"]


def test_closed_hours_and_limits_are_declared(tot: TouchOnTime) -> None:
    """Two bands a day, five hundred requests in five minutes."""
    assert [str(band) for band in tot.closed_hours()] == ["08:30–10:00", "17:30–18:30"]
    assert [(limit.count, limit.window_s) for limit in tot.request_limits()] == [(500, 300)]


# -- what the vendor really sends --------------------------------------------------------------


@pytest.mark.parametrize("word", ["no_selected", "", None])
def test_a_gender_that_nobody_has_chosen_is_empty(
    tot: TouchOnTime, mock: respx.MockRouter, word: str | None
) -> None:
    """The placeholder is no third gender and nothing odd: in lists, single reads and writes."""
    shown = person(gender=word)
    mock.get(EMPLOYEES).mock(side_effect=by_date(today=httpx.Response(200, json=[shown])))
    mock.get(f"{EMPLOYEES}/0417").respond(json=shown)
    (listed,) = tot.list_employees(at=TODAY, fields=ALL)
    (single,) = read(tot, Ref(number="0417"))
    for employee in (listed, single, records.answered(shown, ALL)):
        if word is not None:
            assert employee.values["gender"] is None
        assert not employee.unreadable


def test_a_gender_that_was_not_stored_shows(tot: TouchOnTime, mock: respx.MockRouter) -> None:
    """The placeholder in an answer is empty, too."""
    one = current(mock, tot, gender="no_selected")
    mock.put(f"{EMPLOYEES}/key-0417").respond(
        json=person(gender="no_selected", birthDate="1990-01-01")
    )
    answer = tot.update_employee(current=one, changes={"gender": "male"})
    assert answer.values["gender"] is None


@pytest.mark.parametrize(
    "answer",
    [
        error(400, 100),
        error(404, 100),
        error(422, 9000),
        httpx.Response(200, json={}),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b"null"),
        httpx.Response(200, json={"errors": [{"message": "x", "code": 526}]}),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_an_answer_that_may_mean_nobody_is_settled_by_the_list(
    tot: TouchOnTime, mock: respx.MockRouter, answer: httpx.Response, there: bool
) -> None:
    """How an unknown number is answered is not documented: the list tells whether there is one."""
    mock.get(f"{EMPLOYEES}/0417").mock(return_value=answer)
    mock.get(EMPLOYEES).respond(json=[person("0418"), *([person()] if there else [])])
    assert [each.id for each in read(tot, Ref(number="0417"))] == ["key-0417"] * there


@pytest.mark.parametrize("refusal", [error(400, 100), error(403, 100), error(401, 111)])
def test_a_dead_token_is_told_whatever_its_status(
    tot: TouchOnTime, mock: respx.MockRouter, refusal: httpx.Response
) -> None:
    """The list is refused as well: that cannot mean that somebody does not exist."""
    mock.route(method="GET").mock(return_value=refusal)
    with pytest.raises(AccessError) as caught:
        read(tot, Ref(number="0417"))
    assert caught.value.code == "access"


UNKNOWN = [
    error(400, 9999, message="リクエストが不正です。"),
    error(400, message=""),
    error(422, 222, message="入力されていない項目があります。"),
    error(400, 222, message="性別 は必須です。"),
    httpx.Response(400, text="<html>Bad Request</html>"),
    httpx.Response(409, json={"code": "222", "message": "項目が足りません。"}),
]


@pytest.mark.parametrize("refused", UNKNOWN)
def test_a_refusal_in_unknown_words_is_tried_once_with_base_values(
    tot: TouchOnTime, mock: respx.MockRouter, refused: httpx.Response
) -> None:
    """Whatever a system says for want of base values: it gets them, and the next one at once."""

    def whole(request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content)
        return stored(request) if {*records.BASE} <= sent.keys() else refused

    route = mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=whole)
    for name in ("髙﨑", "三雲"):
        tot.update_employee(current=current(mock, tot), changes={"lastName": name})
    assert [call.response.is_success for call in route.calls] == [False, True, True]


def test_who_is_refused_for_another_reason_hears_that_reason(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """Two tries, not more; the words are those of the refusal that is about the person."""
    about_data = error(400, 9009, message="名前が長すぎます。")
    route = mock.put(f"{EMPLOYEES}/key-0417").mock(return_value=about_data)
    with pytest.raises(RecordError) as caught:
        tot.update_employee(current=current(mock, tot), changes={"lastName": "髙﨑"})
    assert caught.value.detail == "名前が長すぎます。"
    assert route.call_count == 2


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("リクエストが不正です。", "メールアドレスの形式が不正です。", "second"),
        ("リクエストが不正です。", "lastName が長すぎます。", "second"),
        ("名前が長すぎます。", "divisionCode が存在しません。", "first"),
        ("gender は必須です。", "divisionCode が存在しません。", "second"),
    ],
)
def test_of_two_refusals_the_telling_one_is_reported(
    tot: TouchOnTime, mock: respx.MockRouter, first: str, second: str, told: str
) -> None:
    """A complaint about base values that nobody asked for hides none about the person."""
    answers = [error(400, 9999, message=first), error(400, 9999, message=second)]
    mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=answers)
    with pytest.raises(RecordError) as caught:
        tot.update_employee(current=current(mock, tot), changes={"lastName": "髙﨑"})
    assert caught.value.detail == {"first": first, "second": second}[told]


def test_who_does_not_show_yet_hears_why_they_were_refused(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """Base values cannot be had before the first day: then the refusal itself is told."""
    mock.put(f"{EMPLOYEES}/key-0417").mock(return_value=error(400, 9009, message="長すぎます。"))
    mock.get(f"{EMPLOYEES}/0417").mock(
        side_effect=by_date(today=error(400, 9012), far=httpx.Response(200, json=person()))
    )
    [booked] = read(tot, Ref(number="0417"))
    with pytest.raises(RecordError) as caught:
        tot.update_employee(current=booked, changes={"lastName": "髙﨑"})
    assert (caught.value.code, caught.value.detail) == ("refused", "長すぎます。")


def test_a_lost_answer_to_the_second_try_is_in_doubt(
    tot: TouchOnTime, mock: respx.MockRouter
) -> None:
    """The first try was refused for certain; nobody knows about the second."""
    refused = error(400, 9999, message="リクエストが不正です。")
    lost = httpx.ReadTimeout("lost")
    mock.put(f"{EMPLOYEES}/key-0417").mock(side_effect=[refused, *[lost] * 20])
    with pytest.raises(InDoubtError):
        tot.update_employee(current=current(mock, tot), changes={"lastName": "髙﨑"})


BARE = ("divisionCode", "gender", "typeCode", "code", "lastName", "firstName", "key")


def test_a_bare_answer_tells_nothing_about_the_rest() -> None:
    """Seven properties after a create: what is not among them is unknown, not empty."""
    bare = {name: person()[name] for name in BARE}
    seen = records.answered(bare, ALL)
    assert seen.id == "key-0417"
    assert seen.values.keys() == set(records.BASE)
    assert seen.extra is None, "an update must not take the addresses for none"


def test_a_whole_answer_tells_what_is_empty() -> None:
    """Properties that are null are left out beside others of their kind: known to be empty."""
    seen = records.answered(person(hiredDate=None), ALL)
    assert seen.values.keys() == set(ALL)
    assert seen.values["hiredDate"] is None
    assert seen.values["emailAddresses"] == "mikumo@example.com"
    minutes = records.answered({**person(), "allDayRegardingWorkInMinute": 480}, ["birthDate"])
    assert minutes.values == {"birthDate": None}


def test_empty_base_values_are_not_sent_back() -> None:
    """An update that needs the base values sends those that are there: an empty one would clear."""
    full = dict.fromkeys(records.BASE, "x")
    assert records.base(full) == full
    assert records.base({**full, "gender": "", "lastName": None}).keys() == full.keys() - {
        "gender",
        "lastName",
    }


def test_what_made_no_sense_on_another_day_is_unreadable() -> None:
    """A division of the base date that is no text is neither empty nor that of today."""
    today = records.employee({"key": "k", "divisionCode": "1", "lastName": "佐藤"}, ALL)
    then = records.redated(today, {"key": "k", "divisionCode": {"odd": 1}}, ["divisionCode"])
    assert "divisionCode" not in then.values
    assert "divisionCode" in then.unreadable
    assert then.values["lastName"] == "佐藤"
