"""Both connectors against the sandbox, over real sockets."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from renkei.connector import (
    Connection,
    ListChangedError,
    RecordError,
    Ref,
    Value,
)
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei_sandbox.box import Sandbox
from renkei_smarthr import SmartHR
from renkei_touchontime import TouchOnTime

NOON = "2026-11-20T12:00+09:00"
AT = dt.date(2026, 11, 20)
KINDS: dict[str, Callable[[Connection], SmartHR | TouchOnTime]] = {
    "smarthr": SmartHR,
    "touchontime": TouchOnTime,
}
SAME = {"last_name": "lastName", "email": "emailAddresses"}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    sandbox = Sandbox(people=250, seed=1, now=NOON, port=0)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture(params=sorted(KINDS))
def connection(request: pytest.FixtureRequest, box: Sandbox, clock: object) -> Iterator[Connection]:
    system = box.systems[request.param]
    with Connection(
        name=request.param,
        connector=request.param,
        base_url=system.base_url,
        token=Secret(system.token),
        read_only=False,
        budget=RetryBudget(2),
    ) as made:
        made.clock = clock  # type: ignore[assignment]
        yield made
    system.faults.clear()


def field(connection: Connection, name: str) -> str:
    return name if connection.connector == "smarthr" else SAME[name]


def names(connector: SmartHR | TouchOnTime) -> list[str]:
    return [spec.name for spec in connector.fields()]


def test_everybody_is_listed_and_readable(box: Sandbox, connection: Connection) -> None:
    """As many as the sandbox has, each once, and nothing that cannot be read."""
    connector = KINDS[connection.connector](connection)
    people = list(connector.list_employees(at=AT, fields=names(connector)))
    assert {person.id for person in people} == set(box.systems[connection.connector].people)
    assert len(people) == len({person.id for person in people})
    assert not any(person.unreadable for person in people)


def test_create_read_and_change(connection: Connection) -> None:
    """Somebody is created, found by number and id, changed, and refused a second time."""
    connector = KINDS[connection.connector](connection)
    fields = names(connector)
    number = fields[0]
    model = next(
        person
        for person in connector.list_employees(at=AT, fields=fields)
        if all(person.values.get(spec.name) for spec in connector.fields() if spec.required)
    )
    values: dict[str, Value] = {k: v for k, v in model.values.items() if k != "retired"}
    values |= {number: "X9001", field(connection, "email"): "x9001@example.com"}
    identity = connector.create_employee(values=values).id
    [found] = connector.read_employees(refs=[Ref(number="X9001")], at=AT, fields=fields)
    assert found.id == identity
    changes: dict[str, Value] = {
        field(connection, "last_name"): "髙﨑",
        field(connection, "email"): None,
    }
    connector.update_employee(current=found, changes=changes)
    [changed] = connector.read_employees(refs=[Ref(id=identity)], at=AT, fields=fields)
    assert {name: changed.values[name] for name in changes} == changes
    with pytest.raises(RecordError) as caught:
        connector.create_employee(values=values)
    assert number in caught.value.fields


def test_the_account_can_do_all_that_is_needed(connection: Connection) -> None:
    """The sandbox's token has every right, and its company has a name."""
    account = KINDS[connection.connector](connection).check()
    assert {finding.level for finding in account.findings} == {"ok", "note"}
    assert account.name


def test_choices_exist(connection: Connection) -> None:
    """Every required new-record field has choices."""
    fields = KINDS[connection.connector](connection).new_employee_fields()
    assert fields
    assert all(new.choices for new in fields)


@pytest.mark.parametrize("connection", ["smarthr"], indirect=True)
def test_somebody_hired_while_the_pages_are_read(box: Sandbox, connection: Connection) -> None:
    """SmartHR's list is read page by page: a change in between is noticed."""
    crews = iter(SmartHR(connection).list_employees(at=AT, fields=["emp_code"]))
    next(crews)
    box.systems["smarthr"].add(last_name="途中", first_name="入社")
    with pytest.raises(ListChangedError):
        list(crews)
