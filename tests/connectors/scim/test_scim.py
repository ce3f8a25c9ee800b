"""The SCIM connector against a real server, as the engine calls it; the server's state judges."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import respx
from tests.scim import ENTERPRISE, PATCH, TOKEN, USER, Directory, served, tenant

from renkei.errors import (
    AccessError,
    AnswerError,
    ConfigurationError,
    InDoubtError,
    RecordError,
    RenkeiError,
    UnavailableError,
)
from renkei.http.connection import Conditions, Connection
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.people import Employee, FieldSpec, OwnFields, Ref, Values
from renkei.plugins.contract import is_sound
from renkei.plugins.writer import Writer
from renkei.testing.proxy import Cut, Proxy
from renkei_scim import records
from renkei_scim.connector import SCIM

AT = dt.date(2026, 12, 1)
NEW: Values = {
    "userName": "mori@example.jp",
    "employeeNumber": "0001",
    "name.familyName": "髙﨑",
    "name.givenName": "葵",
    "displayName": None,
    "active": True,
    "email": "mori@example.jp",
    "department": "総務部",
}


@contextmanager
def writing(
    url: str, parallel: bool = False, own: OwnFields | None = None, **options: str
) -> Iterator[Writer]:
    with Connection(
        name="idp",
        connector="scim",
        base_url=url,
        token=Secret(TOKEN),
        read_only=False,
        options=options,
        own_fields=own or OwnFields(),
        budget=RetryBudget(0),
    ) as connection:
        writer = Writer(connection)
        if parallel:
            connection.complete(Conditions(in_parallel=writer.in_parallel))
        yield writer


@pytest.fixture
def idp(directory: Directory) -> Iterator[Writer]:
    with writing(directory.url) as writer:
        yield writer


def read(writer: Writer, *refs: Ref, names: tuple[str, ...] = records.NAMES) -> list[Employee]:
    return writer.read_employees(refs, AT, names)


def one(writer: Writer, number: str = "0001") -> Employee:
    (person,) = read(writer, Ref(number=number))
    return person


def test_somebody_new_is_stored_as_they_were_sent(directory: Directory, idp: Writer) -> None:
    """Text byte for byte, the address as the primary one for work, nothing empty."""
    written = idp.create_employee(NEW)
    (user,) = directory.users()
    assert user["id"] == written.id
    assert user["userName"] == "mori@example.jp"
    assert user["name"] == {"familyName": "髙﨑", "givenName": "葵"}
    assert user["emails"] == [{"value": "mori@example.jp", "type": "work", "primary": True}]
    assert user[ENTERPRISE] == {"employeeNumber": "0001", "department": "総務部"}
    assert user["active"] is True
    assert "displayName" not in user
    assert written.employee is not None
    assert {n: v for n, v in written.employee.values.items() if v is not None} == {
        n: v for n, v in NEW.items() if v is not None
    }


def test_an_update_changes_that_field_of_that_user(directory: Directory, idp: Writer) -> None:
    """What renkei does not know of, and everybody else, stays as it was."""
    other = directory.add("0002", title="部長")
    mine = directory.add("0001", title="課長", nickName="aoi", name={"familyName": "森"})
    before = {user["id"]: user for user in directory.users()}
    idp.update_employee(
        one(idp), {"name.familyName": "林", "department": "人事部", "active": False}
    )
    after = {user["id"]: user for user in directory.users()}
    assert after[other] == before[other]
    changed = dict(before[mine])
    changed |= {"name": {"familyName": "林"}, "active": False, "meta": after[mine]["meta"]}
    changed[ENTERPRISE] = {"employeeNumber": "0001", "department": "人事部"}
    assert after[mine] == changed


def test_a_field_can_be_emptied(directory: Directory, idp: Writer) -> None:
    """None removes the value, of a plain field, of the extension and of the address."""
    directory.add("0001", title="課長", emails=[{"value": "a@example.jp"}])
    idp.update_employee(one(idp), {"department": "人事部"})
    idp.update_employee(one(idp), {"title": None, "department": None, "email": None})
    (user,) = directory.users()
    assert not {"title", "emails"} & user.keys()
    assert user[ENTERPRISE] == {"employeeNumber": "0001"}
    assert [one(idp).values[n] for n in ("title", "department", "email")] == [None] * 3


EMAILS = [
    {"value": "home@example.jp", "type": "home"},
    {"value": "work@example.jp", "type": "work", "display": "Work"},
    {"value": "main@example.jp", "type": "other", "primary": True},
]


@pytest.mark.parametrize(
    ("emails", "shown", "stored"),
    [
        ([], None, ["new@example.jp"]),
        (EMAILS[:1], "home@example.jp", ["new@example.jp"]),
        (EMAILS[:2], "work@example.jp", ["new@example.jp", "home@example.jp"]),
        (EMAILS, "main@example.jp", ["new@example.jp", "work@example.jp", "home@example.jp"]),
    ],
)
def test_the_primary_address_is_synced_and_the_others_stay(
    directory: Directory, idp: Writer, emails: Any, shown: str | None, stored: list[str]
) -> None:
    """The primary one, else that for work, else the first; what it is for stays as well."""
    directory.add("0001", **({"emails": emails} if emails else {}))
    person = one(idp)
    assert person.values["email"] == shown
    assert len(person.others.get("email", ())) == max(0, len(emails) - 1)
    idp.update_employee(person, {"email": "new@example.jp"})
    (user,) = directory.users()
    assert [each["value"] for each in user["emails"]] == stored
    kinds = {each["value"]: each.get("type") for each in emails}
    assert all(each.get("type") == kinds[each["value"]] for each in user["emails"][1:])
    assert one(idp).values["email"] == "new@example.jp"


def test_who_was_changed_meanwhile_is_not_overwritten(directory: Directory, idp: Writer) -> None:
    """The server refuses another version (412): this one employee fails, nothing is done."""
    identity = directory.add("0001", title="課長")
    person = one(idp)
    directory.edit(identity, title="部長")
    with pytest.raises(RecordError) as caught:
        idp.update_employee(person, {"title": "係長", "displayName": "森"})
    assert caught.value.code == "changed_since_fetch"
    (user,) = directory.users()
    assert user["title"] == "部長"
    assert "displayName" not in user


def test_a_user_name_that_is_taken_is_told_with_its_field(
    directory: Directory, idp: Writer
) -> None:
    """A 409 is a refusal of this one employee, with the server's words and nobody's values."""
    directory.add("0002", userName="MORI@example.jp")
    with pytest.raises(RecordError) as caught:
        idp.create_employee(NEW)
    assert caught.value.fields == ("userName",)
    assert "already in use" in (caught.value.detail or "")
    assert "mori" not in caught.value.message
    assert len(directory.users()) == 1


def test_a_lost_answer_is_in_doubt_and_sent_once(directory: Directory) -> None:
    """Neither a create nor a change of a version is repeated by itself; a look finds both."""
    with Proxy(directory.server, script=lambda r: Cut(0) if r.method != "GET" else None) as proxy:
        with writing(f"{proxy.url}/{directory.tenant}/v2") as idp:
            with pytest.raises(InDoubtError):
                idp.create_employee(NEW)
            person = one(idp)
            assert person.values["name.familyName"] == "髙﨑"
            with pytest.raises(InDoubtError):
                idp.update_employee(person, {"title": "課長"})
            assert one(idp).values["title"] == "課長"
        assert [r.method for r in proxy.requests if r.method != "GET"] == ["POST", "PATCH"]
    assert len(directory.users()) == 1


@pytest.mark.parametrize("parallel", [False, True])
def test_everybody_is_listed_page_by_page(directory: Directory, parallel: bool) -> None:
    """Inactive ones as well, whether the pages come one by one or several at a time."""
    for number in range(23):
        directory.add(f"{number:04}", active=number % 2 == 0)
    with writing(directory.url, parallel) as idp:
        people = list(idp.list_employees(AT, ["employeeNumber", "active"]))
    assert len({person.id for person in people}) == 23
    assert {(p.values["employeeNumber"], p.values["active"]) for p in people} == {
        (f"{number:04}", number % 2 == 0) for number in range(23)
    }


def test_lists_go_by_cursor_where_the_server_says_so(tmp_path: Path) -> None:
    """RFC 9865: the first page is asked for with an empty cursor; filters go along."""
    with (
        served(tmp_path, pagination={"cursor": True, "index": False, "maxPageSize": 3}) as server,
        tenant(server) as directory,
    ):
        proxied = Proxy(directory.server)
        with proxied, writing(f"{proxied.url}/{directory.tenant}/v2") as idp:
            for number in range(8):
                idp.create_employee({"userName": f"u{number}", "employeeNumber": str(number)})
            people = list(idp.list_employees(AT, ["employeeNumber"]))
            found = read(idp, *(Ref(number=str(number)) for number in range(7)))
    assert {p.values["employeeNumber"] for p in people} == set("01234567")
    assert len(found) == 7
    assert all("startIndex" not in request.path for request in proxied.requests)


@pytest.mark.parametrize("parallel", [False, True])
def test_people_are_found_by_id_and_by_number(directory: Directory, parallel: bool) -> None:
    """Exactly, many at a time; somebody who is not there is nobody."""
    ids = [directory.add(f"{number:04}") for number in range(30)]
    directory.add('a"b\\')
    with writing(directory.url, parallel) as idp:
        by_id = read(idp, *(Ref(id=each) for each in [*ids, "nobody"]))
        by_number = read(idp, *(Ref(number=f"{n:04}") for n in range(35)), Ref(number="1"))
        assert len(read(idp, Ref(number='a"b\\'))) == 1
        assert read(idp, Ref(id="nobody")) == read(idp, Ref(number="7")) == []
    assert sorted(person.id for person in by_id) == sorted(ids)
    assert sorted(person.id for person in by_number) == sorted(ids)


def test_two_with_one_number_are_two(directory: Directory, idp: Writer) -> None:
    """Nobody is chosen among them; capitals that differ make another number."""
    for name, number in (("a", "X1"), ("b", "X1"), ("c", "x1")):
        directory.add(number, userName=name)
    assert len(read(idp, Ref(number="X1"))) == 2


def test_the_number_may_be_the_external_id(directory: Directory) -> None:
    """The option says so; the field is then required, and found by its own filter."""
    directory.add(externalId="0007")
    with writing(directory.url, key="externalId") as idp:
        roles = {spec.name: spec.role for spec in idp.fields}
        assert (roles["externalId"], roles["employeeNumber"]) == ("number", None)
        assert len(read(idp, Ref(number="0007"))) == 1
        idp.create_employee({"userName": "a", "externalId": "0008", "employeeNumber": "1"})
    assert {user["externalId"] for user in directory.users()} == {"0007", "0008"}
    with (
        pytest.raises(ConfigurationError, match="employeeNumber"),
        writing(directory.url, key="id"),
    ):
        pass


def test_a_check_tries_what_a_sync_needs(directory: Directory, idp: Writer) -> None:
    """It reads a user and looks the same one up by the number, and writes nothing."""
    account = idp.check()
    assert account is not None
    assert [each.level for each in account.findings] == ["ok", "note", "note"]
    directory.add("0001")
    account = idp.check()
    assert account is not None
    assert [each.level for each in account.findings] == ["ok", "ok", "note"]
    assert len(directory.users()) == 1


def test_a_wrong_token_is_an_access_error(directory: Directory) -> None:
    """Reading and writing; nothing is stored."""
    with Connection(
        name="idp", connector="scim", base_url=directory.url, token=Secret("no"), read_only=False
    ) as connection:
        idp = Writer(connection)
        for ask in (lambda: list(idp.list_employees(AT, [])), lambda: idp.create_employee(NEW)):
            with pytest.raises(AccessError):
                ask()
    assert directory.users() == []


# -- what an account has beside ----------------------------------------------------------------


def test_the_fields_of_an_account_are_discovered(directory: Directory) -> None:
    """Single values of users and their extensions, by their paths; no list, no secret, no group."""
    connection = Connection(
        name="idp", connector="scim", base_url=directory.url, token=Secret(TOKEN)
    )
    with connection:
        found = {spec.name: spec for spec in SCIM(connection).discover()}
    assert {"nickName", "name.middleName", "locale", f"{ENTERPRISE}:costCenter"} <= found.keys()
    assert not found.keys() & {"password", "emails", "groups", "title", "members.value", "id"}
    assert f"{ENTERPRISE}:department" not in found
    assert all(is_sound(spec, FieldSpec) for spec in found.values())
    assert found[f"{ENTERPRISE}:manager.displayName"].write == "never"


def test_discovered_fields_are_read_and_written(directory: Directory) -> None:
    """As the account was found to have them."""
    names = ("nickName", "name.middleName", f"{ENTERPRISE}:costCenter")
    directory.add("0001", nickName="aoi", name={"familyName": "森"})
    with writing(directory.url) as known:
        own = OwnFields(specs=known.discover())
    with writing(directory.url, own=own) as idp:
        (person,) = idp.list_employees(AT, names)
        assert person.values == dict(zip(names, ("aoi", None, None), strict=True))
        idp.update_employee(person, dict(zip(names, ("mo", "x", "C1"), strict=True)))
        idp.create_employee({"userName": "u2", "employeeNumber": "2", names[2]: "C2"})
    users = directory.by_number()
    assert (users["0001"]["nickName"], users["0001"]["name"]["middleName"]) == ("mo", "x")
    assert users["0001"][ENTERPRISE] == {"employeeNumber": "0001", "costCenter": "C1"}
    assert users["2"][ENTERPRISE] == {"employeeNumber": "2", "costCenter": "C2"}


SCHEMA = """[{"id": "%s", "attributes": [
    {"name": "nickName", "type": "string"},
    {"name": "floor", "type": "integer"},
    {"name": "remote", "type": "boolean"},
    {"name": "hidden", "type": "string", "returned": "never"},
    {"name": "onDemand", "type": "string", "returned": "request"}]}]"""
OWN = OwnFields(specs=records.discovered(json.loads(SCHEMA % USER)))


def test_what_is_shown_on_demand_only_is_no_field() -> None:
    """It would read as empty for everybody, and be written each time."""
    assert [spec.name for spec in OWN.specs] == ["nickName", "floor", "remote"]


def test_the_answers_to_writes_tell_of_discovered_fields(
    other: tuple[respx.MockRouter, Writer],
) -> None:
    """So they count as stored, or not, at once."""
    mock, _idp = other
    mock.patch(f"{URL}/Users/id-1").respond(json={**user("1"), "floor": 7, "remote": "?"})
    mock.post(f"{URL}/Users").respond(201, json={**user("1"), "nickName": "aoi"})
    with writing(URL, own=OWN) as idp:
        updated = idp.update_employee(Employee(id="id-1", values={}), {"floor": 7}).employee
        created = idp.create_employee({**NEW, "nickName": "aoi"}).employee
    assert updated is not None
    assert (updated.values["floor"], updated.unreadable) == (7, ("remote",))
    assert created is not None
    assert created.values["nickName"] == "aoi"


@pytest.mark.parametrize(
    ("name", "good", "odd"),
    [
        ("nickName", "aoi", 7),
        ("nickName", "aoi", True),
        ("nickName", "aoi", ["aoi"]),
        ("floor", 7, "7"),
        ("floor", 7, False),
        ("floor", 7, 7.5),
        ("remote", False, 0),
        ("remote", True, "true"),
        ("remote", True, {"value": True}),
    ],
)
def test_a_discovered_field_of_another_type_is_unreadable(
    other: tuple[respx.MockRouter, Writer], name: str, good: Any, odd: Any
) -> None:
    """Of this one person, and this field alone; everybody else is read."""
    mock, _idp = other
    rows = [{**user("1"), name: good}, {**user("2"), name: odd}, user("3")]
    mock.get(url__startswith=f"{URL}/Users").respond(json={"totalResults": 3, "Resources": rows})
    with writing(URL, own=OWN) as idp:
        people = list(idp.list_employees(AT, ["userName", name]))
    assert [each.values.get(name, "?") for each in people] == [good, "?", None]
    assert [each.unreadable for each in people] == [(), (name,), ()]
    assert [each.values["userName"] for each in people] == ["u1", "u2", "u3"]


@pytest.mark.parametrize("schemas", [None, [], {"Resources": 1}, [{"id": USER, "attributes": [7]}]])
def test_schemas_that_make_no_sense_tell_nothing(schemas: Any) -> None:
    """A server may say anything of itself."""
    assert records.discovered(schemas) == ()


# -- servers that can less ----------------------------------------------------------------------

URL = "https://idp.test/scim/v2"


def error(status: int, **more: Any) -> httpx.Response:
    said = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status)}
    return httpx.Response(status, json={**said, **more})


def user(number: str) -> dict[str, Any]:
    return {"id": f"id-{number}", "userName": f"u{number}", ENTERPRISE: {"employeeNumber": number}}


@pytest.fixture
def other() -> Iterator[tuple[respx.MockRouter, Writer]]:
    """Return a server that answers as a test says, and the connector at it."""
    with respx.mock(assert_all_called=False) as mock, writing(URL) as writer:
        mock.get(f"{URL}/ServiceProviderConfig").mock(return_value=error(404))
        yield mock, writer


@pytest.mark.parametrize("refusal", [error(400, scimType="invalidFilter"), error(501)])
def test_without_filters_the_whole_list_is_read(
    other: tuple[respx.MockRouter, Writer], refusal: httpx.Response
) -> None:
    """Somebody who is there is never called nobody because a search is not supported."""
    mock, idp = other

    def answer(request: httpx.Request) -> httpx.Response:
        if "filter" in request.url.params:
            return refusal
        everybody = [user("1"), user("2"), user("3")]
        return httpx.Response(200, json={"totalResults": 3, "Resources": everybody})

    mock.get(f"{URL}/Users/id-2").mock(return_value=httpx.Response(200, json=user("2")))
    mock.get(f"{URL}/Users/id-9").mock(return_value=error(404))
    mock.get(url__startswith=f"{URL}/Users").mock(side_effect=answer)
    assert [each.id for each in read(idp, Ref(number="2"), Ref(number="7"))] == ["id-2"]
    assert [each.id for each in read(idp, Ref(id="id-2"), Ref(id="id-9"))] == ["id-2"]


@pytest.mark.parametrize("parallel", [False, True])
def test_where_a_filter_is_ignored_nobody_comes_twice(
    other: tuple[respx.MockRouter, Writer], parallel: bool
) -> None:
    """The person asked for comes once, whichever way, and nobody else does."""
    mock, _idp = other
    everybody = [user(str(number)) for number in range(70)]

    def answer(request: httpx.Request) -> httpx.Response:
        start, count = (int(request.url.params[name]) for name in ("startIndex", "count"))
        rows = everybody[start - 1 : start - 1 + count]
        return httpx.Response(200, json={"totalResults": len(everybody), "Resources": rows})

    mock.get(url__startswith=f"{URL}/Users?").mock(side_effect=answer)
    mock.get(url__startswith=f"{URL}/Users/").mock(return_value=error(404))
    ids = [Ref(id=f"id-{number}") for number in range(60)]
    numbers = [Ref(number=str(number)) for number in range(30, 65)]
    with writing(URL, parallel) as idp:
        scim = SCIM(idp.connection)
        for refs, found in (
            (ids, range(60)),
            (numbers, range(30, 65)),
            ([*ids, *numbers, Ref(id="id-99"), Ref(number="99")], range(65)),
        ):
            people = list(scim.read_employees(refs, AT, ["employeeNumber"]))
            assert sorted(p.id for p in people) == sorted(f"id-{number}" for number in found)


def test_an_empty_list_may_have_no_resources(other: tuple[respx.MockRouter, Writer]) -> None:
    """RFC 7644 leaves them out where there are none."""
    mock, idp = other
    mock.get(url__startswith=f"{URL}/Users").respond(json={"totalResults": 0})
    assert list(idp.list_employees(AT, ["userName"])) == []
    assert read(idp, Ref(number="1")) == []


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (error(400, scimType="invalidValue", detail="title is too long"), RecordError),
        (error(404), RecordError),
        (error(501), AccessError),
        (error(403), AccessError),
        (error(429), UnavailableError),
        (error(500), InDoubtError),
        (httpx.Response(200, json=user("9")), InDoubtError),
        (httpx.Response(200, text="<html>"), InDoubtError),
    ],
)
def test_what_a_refused_change_means(
    other: tuple[respx.MockRouter, Writer], response: httpx.Response, kind: type[RenkeiError]
) -> None:
    """Each as the standard has it; an answer about somebody else proves nothing."""
    mock, idp = other
    mock.patch(f"{URL}/Users/id-1").mock(return_value=response)
    with pytest.raises(kind) as caught:
        idp.update_employee(Employee(id="id-1", values={}), {"title": "x"})
    if isinstance(caught.value, RecordError) and response.status_code == 400:
        assert (caught.value.fields, caught.value.detail) == (("title",), "title is too long")


def test_without_versions_a_change_is_sent_plain_and_may_be_repeated(
    other: tuple[respx.MockRouter, Writer],
) -> None:
    """No If-Match goes along; a change without an answer is tried once more."""
    mock, idp = other
    idp.connection.budget = RetryBudget(5)
    route = mock.patch(f"{URL}/Users/id-1")
    route.side_effect = [httpx.ReadTimeout("late"), httpx.Response(204)]
    idp.update_employee(Employee(id="id-1", values={}), {"title": "x"})
    assert route.call_count == 2
    assert "if-match" not in route.calls.last.request.headers
    assert route.calls.last.request.headers["content-type"] == "application/scim+json"
    assert PATCH.encode() in route.calls.last.request.content


@pytest.mark.parametrize("emails", ["a@example.jp", [{"value": 7}], ["a@example.jp"]])
def test_addresses_that_make_no_sense_are_unreadable(emails: Any) -> None:
    """Nothing is built upon them: the employee is blocked, the others go on."""
    person = records.Users("employeeNumber").employee(
        {**user("1"), "emails": emails}, ("email", "userName")
    )
    assert (person.unreadable, person.values) == (("email",), {"userName": "u1"})


@pytest.mark.parametrize("empty", [{}, {"value": None}, {"value": ""}])
def test_a_primary_address_without_text_is_filled_in(empty: dict[str, Any]) -> None:
    """The next one is compared in its place, and stays: nobody said that it is wrong."""
    emails: list[Any] = [
        {**empty, "type": "work", "primary": True},
        {"value": "old@example.jp", "type": "home"},
    ]
    person = records.Users("employeeNumber").employee({**user("1"), "emails": emails}, ["email"])
    assert (person.values, person.others) == (
        {"email": "old@example.jp"},
        {"email": ("old@example.jp",)},
    )
    (sent,) = cast("list[Any]", records.patch(person, {"email": "new@example.jp"})["Operations"])
    filled = {"value": "new@example.jp", "type": "work", "primary": True}
    assert sent["value"] == [filled, emails[1]]


def test_another_address_without_text_is_in_nobodys_way() -> None:
    """The first with a text is compared and replaced, as if there were no other."""
    emails: list[Any] = [{"value": "", "type": "work"}, {"value": "old@example.jp", "type": "home"}]
    person = records.Users("employeeNumber").employee({**user("1"), "emails": emails}, ["email"])
    assert (person.values, person.others) == ({"email": "old@example.jp"}, {})


@pytest.mark.parametrize("version", ["版1", "a\nb", "a\x00", "é", " ", "", 7, None, ["a"]])
def test_a_version_that_cannot_be_sent_back_is_none(
    other: tuple[respx.MockRouter, Writer], version: Any
) -> None:
    """This one employee is changed as where a service knows no versions; the run goes on."""
    mock, idp = other
    row = {**user("1"), "meta": {"version": version}}
    mock.get(f"{URL}/Users/id-1").respond(json=row)
    route = mock.patch(f"{URL}/Users/id-1").respond(204)
    (person,) = read(idp, Ref(id="id-1"))
    idp.update_employee(person, {"title": "x"})
    assert "if-match" not in route.calls.last.request.headers


@pytest.mark.parametrize("body", [{}, {"id": ""}, [], None])
def test_a_create_without_an_id_is_in_doubt(
    other: tuple[respx.MockRouter, Writer], body: Any
) -> None:
    """The person may exist: nothing is sent again before somebody has looked."""
    mock, idp = other
    mock.post(f"{URL}/Users").respond(201, json=body)
    with pytest.raises(InDoubtError):
        idp.create_employee(NEW)


def test_an_answer_about_somebody_else_is_no_look_up(
    other: tuple[respx.MockRouter, Writer],
) -> None:
    """A user with another id than the one that was asked for makes no sense."""
    mock, idp = other
    mock.get(f"{URL}/Users/id-1").respond(json=user("2"))
    with pytest.raises(AnswerError):
        read(idp, Ref(id="id-1"))
