import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from renkei.connector import (
    AccessError,
    AnswerError,
    Connection,
    ContractFullError,
    Customer,
    Employee,
    InDoubtError,
    ListChangedError,
    RecordError,
    Ref,
    RenkeiError,
    UnavailableError,
    Value,
    Values,
)
from renkei.errors import SystemFault
from renkei_smarthr import SmartHR, records
from renkei_smarthr.client import rooms

BASE = "https://akebono.smarthr.jp/api"
CREWS = f"{BASE}/v1/crews"
AT = dt.date(2026, 11, 20)
ALL = [spec.name for spec in SmartHR(Connection.offline("smarthr")).fields()]
NAME = "三雲"


@pytest.fixture
def smarthr(connect: Callable[[str, str], Connection]) -> SmartHR:
    return SmartHR(connect("smarthr", BASE))


def crew(number: str = "0417", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"id-{number}",
        "emp_code": number,
        "last_name": NAME,
        "first_name": "汐里",
        "last_name_yomi": "ミクモ",
        "first_name_yomi": "シオリ",
        "business_last_name": None,
        "business_first_name": "",
        "business_last_name_yomi": None,
        "business_first_name_yomi": None,
        "gender": "female",
        "birth_at": "1990-02-03",
        "entered_at": "2020-04-01",
        "resigned_at": None,
        "emp_status": "employed",
        "email": "mikumo@example.com",
        "biz_establishment_id": "b-1",
        "employment_type": None,
        **changes,
    }


def rows(*crews: Any, total: int | None = None) -> httpx.Response:
    headers = {"x-total-count": str(len(crews) if total is None else total)}
    return httpx.Response(200, json=list(crews), headers=headers)


def refusal(status: int, code: int, kind: str = "x", errors: Any = None) -> httpx.Response:
    body = {"code": code, "type": kind, "message": "不正です", "errors": errors}
    return httpx.Response(status, json=body)


def listed(smarthr: SmartHR, fields: list[str] = ALL) -> list[Employee]:
    return list(smarthr.list_employees(at=AT, fields=fields))


# -- reading -----------------------------------------------------------------------------------


def test_the_list_is_read_whole(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """All statuses, a stable order, only the attributes that are needed, page by page."""
    route = mock.get(CREWS).mock(
        side_effect=[
            rows(crew("1"), crew("2"), total=3),
            rows(crew("3", emp_status="retired"), total=3),
        ]
    )
    people = listed(smarthr, ["emp_code", "last_name", "retired"])
    assert [p.id for p in people] == ["id-1", "id-2", "id-3"]
    query = dict(route.calls[0].request.url.params)
    assert query == {
        "sort": "emp_code",
        "fields": "emp_code,emp_status,id,last_name",
        "page": "1",
        "per_page": "100",
    }
    assert people[0].values == {"emp_code": "1", "last_name": NAME, "retired": False}


def test_retired_people_are_asked_for_where_none_has_shown(
    smarthr: SmartHR, mock: respx.MockRouter
) -> None:
    """That a list without a filter has them is not documented; nobody comes twice."""
    gone = rows(crew("2", emp_status="retired"), crew("3", emp_status="retired"), total=2)
    mock.get(CREWS, params={"emp_status": "retired"}).mock(return_value=gone)
    mock.get(CREWS).mock(return_value=rows(crew("1"), crew("2"), total=2))
    people = listed(smarthr, ["emp_code", "retired"])
    assert [p.id for p in people] == ["id-1", "id-2", "id-3"]
    assert len(mock.calls) == 2
    # the number alone says nothing of a status
    assert [p.id for p in listed(smarthr, ["emp_code"])] == ["id-1", "id-2"]
    assert len(mock.calls) == 3


def test_a_system_that_knows_no_filter_is_not_read_twice(
    smarthr: SmartHR, mock: respx.MockRouter
) -> None:
    """The same list comes again: its first page is enough to see that."""
    mock.get(CREWS, params={"page": "1"}).mock(return_value=rows(crew("1"), crew("2"), total=4))
    mock.get(CREWS, params={"page": "2"}).mock(return_value=rows(crew("3"), crew("4"), total=4))
    people = listed(smarthr, ["emp_code", "retired"])
    assert [p.id for p in people] == ["id-1", "id-2", "id-3", "id-4"]
    assert len(mock.calls) == 3


def test_values_are_typed(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """Dates are dates, null and empty text are known to be empty, text stays as it is."""
    mock.get(CREWS).mock(return_value=rows(crew(last_name=" 髙﨑 ", emp_status="retired")))
    [person] = listed(smarthr)
    assert person.values["birth_at"] == dt.date(1990, 2, 3)
    assert person.values["resigned_at"] is None
    assert person.values["business_first_name"] is None
    assert person.values["last_name"] == " 髙﨑 "
    assert person.values["retired"] is True
    assert person.unreadable == ()


@pytest.mark.parametrize(
    ("shown", "known", "unreadable"),
    [
        ({"id": "t-1", "name": "正社員", "preset_type": "full_timer", "code": "01"}, "正社員", ()),
        ({"id": "t-9", "name": "専門嘱託", "preset_type": None, "code": None}, "専門嘱託", ()),
        (None, None, ()),
        ({"id": "t-1"}, "unknown", ()),
        ("正社員", "unknown", ("employment_type",)),
        ({"name": 7}, "unknown", ("employment_type",)),
    ],
)
def test_the_employment_type_is_read_by_its_name(
    smarthr: SmartHR,
    mock: respx.MockRouter,
    shown: object,
    known: Value,
    unreadable: tuple[str, ...],
) -> None:
    """Nobody has one: empty. An object without a name, or no object, is not read as anything."""
    route = mock.get(CREWS).mock(return_value=rows(crew(employment_type=shown)))
    [person] = listed(smarthr, ["employment_type"])
    assert person.values.get("employment_type", "unknown") == known
    assert person.unreadable == unreadable
    assert route.calls[0].request.url.params["fields"] == "employment_type,id"


def test_a_key_that_is_absent_is_unknown(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """What the token may not read is left out, not empty."""
    row = crew()
    del row["birth_at"], row["emp_status"]
    mock.get(CREWS).mock(return_value=rows(row))
    [person] = listed(smarthr)
    assert not {"birth_at", "retired"} & person.values.keys()
    assert person.unreadable == ()


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("birth_at", "1990/02/03"),
        ("birth_at", "19900203"),
        ("birth_at", "1990-02-30"),
        ("birth_at", "1990-02-03T00:00:00"),
        ("birth_at", 19900203),
        ("last_name", 5),
        ("last_name", ["x"]),
        ("last_name", "a\0b"),
        ("emp_code", 417),
        ("gender", "other"),
        ("emp_status", "gone"),
        ("emp_status", True),
    ],
)
def test_an_odd_value_concerns_one_person_only(
    smarthr: SmartHR, mock: respx.MockRouter, field: str, raw: object
) -> None:
    """The field is named as unreadable, its value goes nowhere, everybody else goes on."""
    mock.get(CREWS).mock(return_value=rows(crew("1", **{field: raw}), crew("2")))
    odd, fine = listed(smarthr)
    name = "retired" if field == "emp_status" else field
    assert odd.unreadable == (name,)
    assert name not in odd.values
    assert fine.unreadable == ()


def test_a_half_surrogate_is_unreadable(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """Text that no system can store is not passed on."""
    body = json.dumps([crew(first_name="\ud800")])
    mock.get(CREWS).respond(content=body.encode(), headers={"x-total-count": "1"})
    [person] = listed(smarthr)
    assert person.unreadable == ("first_name",)


@pytest.mark.fault("F13")
@pytest.mark.parametrize("row", [None, "x", [], {}, {"id": None}, {"id": 7}])
def test_a_record_without_an_id_stops_the_list(
    smarthr: SmartHR, mock: respx.MockRouter, row: object
) -> None:
    """The place is named."""
    mock.get(CREWS).mock(return_value=rows(crew("1"), row))
    with pytest.raises(AnswerError, match="record 2"):
        listed(smarthr)


def test_a_short_list_is_an_error(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """An empty answer from a system that counts 1,240 is not a list of nobody."""
    mock.get(CREWS).mock(return_value=rows(total=1240))
    with pytest.raises(ListChangedError):
        listed(smarthr)


@pytest.mark.fault("F16")
def test_ids_are_read_in_batches(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """Seventy people are two calls of at most fifty ids."""

    def answer(request: httpx.Request) -> httpx.Response:
        ids = request.url.params["id"].split(",")
        assert len(ids) <= 50
        return rows(*(crew(i.removeprefix("id-")) for i in ids))

    route = mock.get(CREWS).mock(side_effect=answer)
    refs = [Ref(id=f"id-{n}") for n in range(70)]
    people = list(smarthr.read_employees(refs=refs, at=AT, fields=["emp_code"]))
    assert len(people) == 70
    assert route.call_count == 2


def test_where_a_filter_is_ignored_nobody_comes_twice(
    smarthr: SmartHR, mock: respx.MockRouter
) -> None:
    """The person asked for comes once, by id or by number, and nobody else does."""
    mock.get(CREWS).mock(return_value=rows(*(crew(str(n)) for n in range(80))))
    refs = [*(Ref(id=f"id-{n}") for n in range(70)), Ref(number="5"), Ref(number="75")]
    people = list(smarthr.read_employees(refs=refs, at=AT, fields=["emp_code"]))
    assert [p.id for p in people] == [f"id-{n}" for n in (*range(70), 75)]


def test_numbers_are_read_exactly(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """Hits of a looser search are dropped; several people with one number are all there."""
    hits = [crew("12"), crew("0012"), {**crew("12"), "id": "other"}]
    route = mock.get(CREWS).mock(return_value=rows(*hits))
    people = list(smarthr.read_employees(refs=[Ref(number="12")], at=AT, fields=["last_name"]))
    assert [p.id for p in people] == ["id-12", "other"]
    assert route.calls.last.request.url.params["emp_code"] == "12"
    assert NAME not in str(route.calls.last.request.url)


def test_an_unknown_number_is_nobody(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """Nobody is no error."""
    mock.get(CREWS).mock(return_value=rows())
    assert list(smarthr.read_employees(refs=[Ref(number="9")], at=AT, fields=["emp_code"])) == []


# -- writing -----------------------------------------------------------------------------------

NEW: Values = {
    "emp_code": "0417",
    "last_name": "髙﨑",
    "birth_at": dt.date(1990, 2, 3),
    "email": None,
}


def test_a_new_employee_is_employed(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """What is given is sent byte for byte, what is empty is left out."""
    route = mock.post(CREWS).respond(201, json=crew("0417"))
    assert smarthr.create_employee(values=NEW).id == "id-0417"
    assert json.loads(route.calls.last.request.content) == {
        "emp_status": "employed",
        "emp_code": "0417",
        "last_name": "髙﨑",
        "birth_at": "1990-02-03",
    }


@pytest.mark.parametrize(
    ("retired", "left", "status"),
    [
        (True, None, "employed"),
        (True, dt.date(2099, 1, 1), "employed"),
        (True, dt.date(2020, 4, 30), None),
        (False, None, None),
        (None, None, None),
    ],
)
def test_who_loses_the_date_of_leaving_is_employed_again(
    smarthr: SmartHR,
    mock: respx.MockRouter,
    retired: bool | None,
    left: dt.date | None,
    status: str | None,
) -> None:
    """退職済み without a date, or before it, would make no sense; nothing else changes 在籍状況."""
    route = mock.patch(f"{CREWS}/id-0417").respond(json=crew("0417"))
    values: dict[str, Value] = {} if retired is None else {"retired": retired}
    smarthr.update_employee(
        current=Employee(id="id-0417", values=values), changes={"resigned_at": left}
    )
    sent = json.loads(route.calls.last.request.content)
    assert sent.get("emp_status") == status
    assert "resigned_at" in sent


@pytest.mark.parametrize(
    "answer",
    [{}, [], {"id": "x"}, crew("other"), {"emp_code": "0417"}, {"id": 5, "emp_code": "0417"}],
)
def test_an_answer_about_somebody_else_is_in_doubt(
    smarthr: SmartHR, mock: respx.MockRouter, answer: object
) -> None:
    """201 alone does not say that our employee was created."""
    mock.post(CREWS).respond(201, json=answer)
    with pytest.raises(InDoubtError):
        smarthr.create_employee(values=NEW)


def test_a_number_that_was_dropped_is_not_created_again(
    smarthr: SmartHR, mock: respx.MockRouter
) -> None:
    """Somebody without a number exists now: a look-up by number would never find them."""
    mock.post(CREWS).respond(201, json=crew("0417", emp_code=None))
    with pytest.raises(RecordError) as caught:
        smarthr.create_employee(values=NEW)
    assert caught.value.code == "created_without_number"


def test_an_update_sends_only_what_changed(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """Null empties an attribute."""
    route = mock.patch(f"{CREWS}/id-1").respond(
        json=crew("1", email=None, resigned_at="2026-12-31")
    )
    current = Employee(id="id-1", values={"email": "a@example.com", "resigned_at": None})
    changes = {"email": None, "resigned_at": dt.date(2026, 12, 31)}
    smarthr.update_employee(current=current, changes=changes)
    assert json.loads(route.calls.last.request.content) == {
        "email": None,
        "resigned_at": "2026-12-31",
    }


def test_an_attribute_that_was_ignored_shows(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """SmartHR answers 200 and keeps the old value when the token may not write it."""
    mock.patch(f"{CREWS}/id-1").respond(json=crew("1", last_name="旧姓"))
    current = Employee(id="id-1", values={"last_name": "旧姓", "first_name": "汐"})
    changes = {"last_name": "新姓", "first_name": "汐里"}
    answer = smarthr.update_employee(current=current, changes=changes)
    assert (answer.id, answer.values["last_name"]) == ("id-1", "旧姓")


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "kind", "error"),
    [
        (401, 2, "unauthorized_token", AccessError),
        (403, 3, "forbidden", AccessError),
        (403, 15, "ip_not_permitted", AccessError),
        (403, 7, "plan_limit_exceeded", ContractFullError),
        (404, 4, "not_found", RecordError),
        (400, 1, "bad_request", RecordError),
        (400, 8, "non_deletable_resource", RecordError),
        (403, 12, "something_new", AccessError),
        (400, 14, "something_new", RecordError),
        (503, 9, "service_maintenance", UnavailableError),
    ],
)
def test_refusals_of_a_write(  # noqa: PLR0917 - fixtures
    smarthr: SmartHR,
    mock: respx.MockRouter,
    status: int,
    code: int,
    kind: str,
    error: type[RenkeiError],
) -> None:
    """Each code means what it means, by number and by type, after one request."""
    route = mock.post(CREWS)
    for answer in (refusal(status, code, kind), refusal(status, None, kind)):  # type: ignore[arg-type]
        route.mock(return_value=answer)
        before = route.call_count
        with pytest.raises(error) as caught:
            smarthr.create_employee(values=NEW)
        assert route.call_count == before + 1
        assert caught.value.where == "smarthr"


def test_maintenance_did_nothing(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """In maintenance SmartHR takes no request at all, and trying again at once is no use."""
    mock.get(CREWS).mock(return_value=refusal(503, 9))
    with pytest.raises(UnavailableError) as caught:
        listed(smarthr)
    assert caught.value.code == "maintenance"
    assert caught.value.nothing_done
    assert not caught.value.again


@pytest.mark.security(18)
def test_a_refused_employee_names_fields_and_keeps_the_text_apart(
    smarthr: SmartHR, mock: respx.MockRouter
) -> None:
    """SmartHR's own sentences may quote values: they are detail for the report only."""
    errors = [
        {"message": f"{NAME}は不正です。", "resource": "Crew", "field": "last_name"},
        {"message": "空です。", "resource": "Crew", "field": None},
    ]
    mock.post(CREWS).mock(return_value=refusal(400, 1, errors=errors))
    with pytest.raises(RecordError) as caught:
        smarthr.create_employee(values=NEW)
    assert caught.value.fields == ("last_name",)
    assert caught.value.detail == f"{NAME}は不正です。\n空です。"
    assert NAME not in str(caught.value)


def test_an_internal_error_leaves_a_create_in_doubt(
    smarthr: SmartHR, mock: respx.MockRouter
) -> None:
    """500 does not say that nothing happened."""
    mock.post(CREWS).mock(return_value=refusal(500, 5))
    with pytest.raises(InDoubtError):
        smarthr.create_employee(values=NEW)


def test_a_limit_is_waited_for(smarthr: SmartHR, mock: respx.MockRouter, clock: Any) -> None:
    """Too many requests: as long as the family that is used up says."""
    headers = {
        "x-rate-limit-remaining": "4721",
        "x-rate-limit-reset": "2310",
        "x-intensive-rate-limit-remaining": "0",
        "x-intensive-rate-limit-reset": "7",
    }
    limited = httpx.Response(429, json={"code": 6, "type": "x"}, headers=headers)
    mock.post(CREWS).mock(side_effect=[limited, httpx.Response(201, json=crew("0417"))])
    assert smarthr.create_employee(values=NEW).id == "id-0417"
    assert clock.slept_s == pytest.approx(7)


@pytest.mark.fault("F02")
def test_every_family_of_limit_headers_is_read() -> None:
    """Plain, intensive and per second; what is incomplete or no number is passed over."""
    found = rooms(
        {
            "x-rate-limit-limit": "5000",
            "x-rate-limit-remaining": "4987",
            "x-rate-limit-reset": "2310",
            "x-intensive-rate-limit-remaining": "9",
            "x-intensive-rate-limit-reset": "1",
            "x-rate-limit-remaining-second": "0",
            "x-rate-limit-reset-second": "1",
            "x-odd-rate-limit-remaining": "nan",
            "x-odd-rate-limit-reset": "1",
            "x-half-rate-limit-remaining": "3",
        }
    )
    assert sorted((room.remaining, room.reset_s) for room in found) == [
        (0, 1),
        (9, 1),
        (4987, 2310),
    ]


# -- choices and check -------------------------------------------------------------------------


def test_choices_are_read_live(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """The business establishments, by id and name."""
    mock.get(f"{BASE}/v1/biz_establishments").mock(
        return_value=rows({"id": "b-1", "name": "東京本社"}, {"id": "b-2", "name": "大阪支社"})
    )
    [field] = smarthr.new_employee_fields()
    assert field.name == "biz_establishment_id"
    assert [(c.code, c.label) for c in field.choices] == [("b-1", "東京本社"), ("b-2", "大阪支社")]
    assert (field.label.ja, field.label.en) == ("所属事業所", "Business establishment")


TOWN = {"pref": "東京都", "city": "千代田区", "street": "1-1", "building": None}


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        ({"salary_payer_address": TOWN}, "東京都千代田区1-1"),
        ({"soc_ins_address": {**TOWN, "city": "港区"}, "lab_ins_address": TOWN}, "東京都港区1-1"),
        (
            {"soc_ins_address": {"pref": "", "city": None}, "lab_ins_address": TOWN},
            "東京都千代田区1-1",
        ),
        ({"soc_ins_address": "東京都", "lab_ins_address": {"city": ["x"]}}, ""),
        ({}, ""),
    ],
)
def test_an_establishment_has_its_address(
    smarthr: SmartHR, mock: respx.MockRouter, record: dict[str, object], detail: str
) -> None:
    """It tells two of one name apart; an address that is empty or odd is none."""
    row = {"id": "b-1", "name": "東京本社", **record}
    mock.get(f"{BASE}/v1/biz_establishments").mock(return_value=rows(row))
    [field] = smarthr.new_employee_fields()
    assert [choice.detail for choice in field.choices] == [detail]


def test_a_choice_without_a_name_makes_no_sense(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """The place of the odd record is named."""
    mock.get(f"{BASE}/v1/biz_establishments").mock(return_value=rows({"id": "b-1", "name": None}))
    with pytest.raises(AnswerError, match="record 1"):
        smarthr.new_employee_fields()


def test_check_tells_whose_token_it_is(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """All is well: the company's name, and no problem and no warning."""
    mock.get(CREWS).mock(return_value=rows(crew()))
    mock.get(f"{BASE}/v1/biz_establishments").mock(return_value=rows({"id": "b"}))
    mock.get(f"{BASE}/v1/companies").mock(return_value=rows({"id": "c", "name": "あけぼの"}))
    account = smarthr.check()
    assert account.name == "あけぼの"
    assert {finding.level for finding in account.findings} == {"ok", "note"}


def test_an_account_is_told_by_all_its_companies(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """One request: names, ids and corporate numbers; what is empty or no text is left out."""
    several = [
        {"id": f"c-{n}", "name": name, "corporate_number": number}
        for n, (name, number) in enumerate(
            [("甲", "7000012050002"), ("乙", None), ("丙", ""), ("", None), ("丁", None)]
        )
    ]
    route = mock.get(f"{BASE}/v1/companies").mock(return_value=rows(*several, {"id": 5}))
    told = smarthr.account_name()
    assert told == Customer(
        name="甲、乙、丙ほか",
        ids=("c-0", "c-1", "c-2", "c-3", "c-4"),
        corporate_numbers=("7000012050002",),
    )
    assert route.call_count == 1


def test_more_companies_than_one_request_shows_tell_no_id(
    smarthr: SmartHR, mock: respx.MockRouter
) -> None:
    """Whether one of them is the same could be a matter of order."""
    many = [{"id": f"c-{n}", "name": f"会社{n}"} for n in range(100)]
    mock.get(f"{BASE}/v1/companies").mock(return_value=rows(*many))
    assert smarthr.account_name() == Customer(name="会社0、会社1、会社2ほか")


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_may_not_read_companies_is_told_from_a_dead_one(
    smarthr: SmartHR, mock: respx.MockRouter, status: int
) -> None:
    """The sync never needs companies; whether the token is known at all is all that matters."""
    mock.get(f"{BASE}/v1/companies").mock(return_value=refusal(status, 3 if status == 403 else 2))
    with pytest.raises(AccessError) as caught:
        smarthr.account_name()
    assert caught.value.for_all is (status == 401)


def test_check_names_what_is_missing(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """Missing rights are problems, missing items are warnings, the name falls back."""
    row = crew()
    del row["birth_at"], row["emp_status"]
    mock.get(CREWS).mock(return_value=rows(row))
    mock.get(f"{BASE}/v1/biz_establishments").mock(return_value=refusal(403, 3))
    mock.get(f"{BASE}/v1/companies").mock(return_value=refusal(403, 3))
    account = smarthr.check()
    assert account.name == "akebono.smarthr.jp"
    assert any("/companies" in f.message for f in account.findings if f.level == "warning")
    texts = {(f.level, f.message) for f in account.findings}
    assert any(level == "problem" and "biz_establishments" in text for level, text in texts)
    assert any(level == "warning" and "birth_at" in text for level, text in texts)
    assert any(level == "warning" and "emp_status" in text for level, text in texts)


EMPTY = {
    "emp_code": None,
    "birth_at": None,
    "entered_at": "",
    "emp_status": None,
    "email": None,
    "business_last_name": None,
}


@pytest.mark.parametrize(("people", "told"), [(3, True), (2, False)])
def test_check_names_what_nobody_has(
    smarthr: SmartHR, mock: respx.MockRouter, people: int, *, told: bool
) -> None:
    """SmartHR may show what cannot be read as empty; what many leave empty is no sign of it."""
    mock.get(CREWS).mock(
        return_value=rows(*[{**crew(), **EMPTY, "id": f"{i}"} for i in range(people)])
    )
    mock.get(f"{BASE}/v1/biz_establishments").mock(return_value=rows({"id": "b"}))
    mock.get(f"{BASE}/v1/companies").mock(return_value=rows({"id": "c", "name": "あけぼの"}))
    warnings = [f.message for f in smarthr.check().findings if f.level == "warning"]
    named = {name for name in EMPTY if any(f"({name}) is empty" in text for text in warnings)}
    assert named == ({"emp_code", "birth_at", "entered_at", "emp_status"} if told else set())
    assert len(warnings) == len(named)


@pytest.mark.parametrize(
    ("left", "told"), [([None] * 3, True), ([None, "2026-03-31", None], False)]
)
def test_check_asks_those_who_have_left_for_the_day(
    smarthr: SmartHR, mock: respx.MockRouter, left: list[str | None], *, told: bool
) -> None:
    """Nobody who is 在籍中 has a date of leaving; everybody 退職済み should have one."""
    gone = [
        {**crew(), "id": f"{i}", "emp_status": "retired", "resigned_at": day}
        for i, day in enumerate(left)
    ]
    mock.get(CREWS).mock(return_value=rows(crew(), *gone))
    mock.get(f"{BASE}/v1/biz_establishments").mock(return_value=rows({"id": "b"}))
    mock.get(f"{BASE}/v1/companies").mock(return_value=rows({"id": "c", "name": "あけぼの"}))
    texts = [finding.message for finding in smarthr.check().findings]
    assert any("(resigned_at) is empty for all 3" in text for text in texts) == told


def test_a_status_that_is_hidden_is_unknown(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """Everybody has one: an empty one must not make anybody count as employed."""
    mock.get(CREWS).mock(return_value=rows({**crew(), "emp_status": None}))
    (found,) = smarthr.list_employees(at=AT, fields=["retired"])
    assert "retired" not in found.values


def test_check_refuses_a_wrong_token(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """A token that opens nothing is an error, not a finding."""
    mock.get(CREWS).mock(return_value=refusal(401, 2))
    with pytest.raises(AccessError):
        smarthr.check()


# -- what systems do that no document speaks of --------------------------------------------------


@pytest.mark.parametrize("reset", ["0", "0.05", "1", "7", "60"])
@pytest.mark.parametrize("write", [False, True])
def test_a_limit_that_never_ends_ends_the_command(
    smarthr: SmartHR, mock: respx.MockRouter, clock: Any, reset: str, *, write: bool
) -> None:
    """429 for ever: ten announced waits and the budget of three seconds, then an error."""
    headers = {"x-intensive-rate-limit-remaining": "0", "x-intensive-rate-limit-reset": reset}
    refused = refusal(429, 6)
    refused.headers.update(headers)
    route = mock.route(host="akebono.smarthr.jp").mock(return_value=refused)
    with pytest.raises(UnavailableError) as caught:
        smarthr.create_employee(values={"emp_code": "1"}) if write else listed(smarthr)
    assert caught.value.code == "rate_limit"
    assert clock.slept_s <= 10 * float(reset) + 3 + float(reset)
    assert route.call_count < 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"code": 6, "type": "too_many_requests"}, "rate_limit"),
        ({"code": 2, "type": "unauthorized_token"}, "access"),
        ({"data": []}, "answer"),
        ({"code": 1}, "answer"),
        ("x", "answer"),
        (5, "answer"),
    ],
)
def test_something_else_than_a_list(
    smarthr: SmartHR, mock: respx.MockRouter, body: object, code: str
) -> None:
    """A refusal with status 200 is what its code says; all else is called no list."""
    mock.get(CREWS).respond(json=body)
    for ask in (lambda: listed(smarthr), smarthr.check):
        with pytest.raises(SystemFault) as caught:
            ask()
        assert (caught.value.code, caught.value.where) == (code, "smarthr")
        assert "JSON" not in caught.value.message


def test_our_token_in_a_refusal_is_hidden(smarthr: SmartHR, mock: respx.MockRouter) -> None:
    """A system that quotes the token gets it into no text of ours, however it is escaped."""
    token = "tok_canary_0001"
    escaped = token.replace("_", "\\u005f")
    body = (
        f'{{"code": 1, "message": "{token}", "errors": ['
        f'{{"message": "Bearer {escaped} は不正です", "field": "{token}"}}]}}'
    )
    mock.post(CREWS).respond(400, content=body.encode())
    with pytest.raises(RecordError) as caught:
        smarthr.create_employee(values={"emp_code": "1"})
    error = caught.value
    assert error.detail == "Bearer *** は不正です"
    assert token not in f"{error.message} {error.detail} {error.fields}"


def test_an_answer_to_a_write_tells_what_it_shows() -> None:
    """A key that is left out stays unknown; the placeholder for no gender is empty."""
    answer = {"id": "c1", "emp_code": "0417", "gender": "no_selected", "emp_status": "employed"}
    seen = records.employee(answer, [*records.NAMES])
    assert seen.id == "c1"
    assert seen.values == {"emp_code": "0417", "gender": None, "retired": False}
    assert not seen.unreadable
