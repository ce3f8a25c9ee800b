"""A connector can fail only with one clear error that names it, whatever it does."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from renkei.errors import (
    AccessError,
    AnswerError,
    ClosedError,
    ConfigurationError,
    ConnectorError,
    InDoubtError,
    RecordError,
    RenkeiError,
    UnavailableError,
)
from renkei.hookspecs import REQUIRED, WRITES
from renkei.http.connection import Connection
from renkei.http.request import Request
from renkei.http.secret import Secret
from renkei.mapping.transforms import of_text
from renkei.model import Difference, Status
from renkei.people import (
    Account,
    Choice,
    ClosedHours,
    Employee,
    FieldSpec,
    Finding,
    Label,
    NewField,
    Ref,
    RequestLimit,
    Value,
)
from renkei.plugins import finding, offline
from renkei.plugins.facade import Reader
from renkei.plugins.writer import Writer
from renkei.testing import MemoryConnector, MemorySystem, installed

if TYPE_CHECKING:
    from tests.engine.world import World

TODAY = dt.date(2026, 11, 20)
CANARY = "佐倉カナリア"
FIELDS = ("id_no", "family", "given", "dob", "capacity", "nights")
HOOKS = ("list_employees", "read_employees", "create_employee", "update_employee")
SOMEBODY = Employee(id="id-1", values={"id_no": "1"})
NEEDED = (*REQUIRED, *WRITES, "new_employee_fields")
CALLS: dict[str, Callable[[Writer], object]] = {
    "fields": lambda writer: writer.fields,
    "closed_hours": lambda writer: writer.closed_hours,
    "request_limits": lambda writer: writer.request_limits,
    "in_parallel": lambda writer: writer.in_parallel,
    "list_employees": lambda writer: list(writer.list_employees(TODAY, FIELDS)),
    "read_employees": lambda writer: writer.read_employees([Ref(number="1")], TODAY, FIELDS),
    "create_employee": lambda writer: writer.create_employee({"family": CANARY}),
    "update_employee": lambda writer: writer.update_employee(SOMEBODY, {"family": CANARY}),
    "new_employee_fields": lambda writer: writer.new_employee_fields(),
    "account_name": lambda writer: writer.account_name(),
    "check": lambda writer: writer.check(),
}


class Unprintable(Exception):
    """Even looking at it fails."""

    def __str__(self) -> str:
        raise ValueError(CANARY)

    __repr__ = __str__


RAISED: tuple[BaseException, ...] = (
    ValueError(CANARY),
    KeyError(CANARY),
    SystemExit(CANARY),
    StopIteration(CANARY),
    RecursionError(CANARY),
    MemoryError(),
    AssertionError(CANARY),
    asyncio.CancelledError(),
    Unprintable(),
)


def plug(world: World, **hooks: object) -> AbstractContextManager[None]:
    """Let the rosta's connector have other hooks: what is callable is run, the rest is answered."""
    body = {name: plugins_hook(answer) for name, answer in hooks.items()}
    kind = type("Odd", (MemoryConnector,), body)
    return installed(rosta=lambda _connection: kind(world.rosta))


def plugins_hook(answer: object) -> object:
    """Return a hook that answers this, or does it."""
    from renkei.connector import hookimpl

    def hook(self: object) -> object:
        return answer() if callable(answer) else answer

    return hookimpl(hook)


def raising(error: BaseException) -> Callable[[], object]:
    """Return a function that raises."""

    def fail() -> object:
        raise error

    return fail


def rosta(token: str = "t0ken") -> Writer:
    """Open the rosta by itself."""
    connection = Connection(
        name="rosta",
        connector="rosta",
        base_url="http://127.0.0.1:1",
        token=Secret(token),
        read_only=False,
    )
    return Writer(connection)


def only_required(system: MemorySystem) -> object:
    """Return a connector with the hooks that a target needs and no other."""
    body = {name: vars(MemoryConnector)[name] for name in (*NEEDED, "__init__", "_shown")}
    return type("Plain", (), body)(system)


def entry(name: str, value: str, group: str = finding.CONNECTORS) -> EntryPoint:
    """Return an entry point as a package declares it."""
    return EntryPoint(name, value, group)


# --- finding and building -----------------------------------------------------------------------


@pytest.mark.fault("F79")
def test_a_missing_connector_is_named_with_those_there_are(world: World) -> None:
    """A misspelt name is answered with what to write instead."""
    with pytest.raises(ConfigurationError, match=r"no connector rotsa\..*clinic.*rosta"):
        offline.offline_fields("rotsa")


@pytest.mark.fault("F79")
def test_a_connector_installed_twice_is_refused(world: World, declare: Callable[..., None]) -> None:
    """Which of two packages would be used is nobody's guess."""
    declare(entry("twin", "a:A"), entry("twin", "b:B"))
    with pytest.raises(ConfigurationError, match="twin is installed 2 times"):
        offline.offline_fields("twin")


@pytest.mark.parametrize("value", ["no_such_module_of_ours:Thing", "renkei.model:NoSuchThing"])
def test_a_connector_broken_at_import_is_named(
    world: World, declare: Callable[..., None], value: str
) -> None:
    """Neither its module nor its class has to exist; the others are listed and usable."""
    declare(entry("broken", value))
    with pytest.raises(ConfigurationError, match="broken cannot be used") as caught:
        offline.offline_fields("broken")
    assert caught.value.where == "broken"
    problems = {each.name: each.problem for each in offline.installed()}
    assert problems["broken"]
    assert problems["clinic"] is None


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_a_connector_that_cannot_be_built_is_named(world: World, error: BaseException) -> None:
    """Its constructor raises anything at all."""
    with (
        installed(rosta=lambda _connection: raising(error)()),
        pytest.raises(ConfigurationError, match="rosta cannot be used") as caught,
    ):
        rosta()
    assert CANARY not in caught.value.message


@pytest.mark.parametrize(
    "error", [ValueError(CANARY), TypeError(CANARY), KeyError(CANARY)], ids=["value", "type", "key"]
)
def test_a_connector_that_stumbles_over_its_options_names_them(
    world: World, error: Exception
) -> None:
    """Of which connection, and which options to look at; what they say may be a secret."""
    options = f"    options: {{page: {CANARY}, folder: x}}\n"
    text = world.files["renkei.yaml"].replace("  rosta:\n", "  rosta:\n" + options)
    (world.folder / "renkei.yaml").write_text(text, encoding="utf-8")
    with (
        installed(rosta=lambda _connection: raising(error)()),
        pytest.raises(
            ConfigurationError, match=r"^rosta: the connector rosta .*folder, page"
        ) as at,
    ):
        world.fetch()
    assert at.value.where == "rosta"
    assert type(error).__name__ in at.value.message
    assert CANARY not in at.value.message


def test_an_unknown_hook_name_is_refused(world: World) -> None:
    """A misspelt hook would never be called."""
    with plug(world, lst_employees=list), pytest.raises(ConfigurationError, match="lst_employees"):
        rosta()


def test_an_unknown_argument_of_a_hook_is_refused(world: World) -> None:
    """It would never be given."""
    from renkei.connector import hookimpl

    class Odd(MemoryConnector):
        @hookimpl
        def check(  # type: ignore[override]
            self, password: str
        ) -> Account:
            return Account(password)

    with (
        installed(rosta=lambda _connection: Odd(world.rosta)),
        pytest.raises(ConfigurationError, match="password"),
    ):
        rosta()


@pytest.mark.parametrize("hook", REQUIRED)
def test_a_missing_required_hook_is_named(world: World, hook: str) -> None:
    """A method without `@hookimpl` is as good as none."""
    kind = type("Odd", (MemoryConnector,), {hook: lambda self: ()})
    with (
        installed(rosta=lambda _connection: kind(world.rosta)),
        pytest.raises(ConfigurationError, match=f"it lacks {hook}"),
    ):
        rosta()


def test_other_connections_work_beside_a_broken_one(
    world: World, declare: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fetch between two others does not even look at it, and a check names it."""
    declare(entry("broken", "no_such_module_of_ours:Thing"))
    monkeypatch.setenv("T", "t0ken")
    file = world.folder / "renkei.yaml"
    line = '  third: {connector: broken, base_url: "http://127.0.0.1:1", token: "env:T"}\n'
    file.write_text(file.read_text().replace("mappings:", line + "mappings:"))
    world.in_clinic()
    assert world.fetch().counts[Difference.NEW] == 1
    with world.runs() as runs:
        levels = {c.subject: {f.level for f in c.findings} for c in runs.check()}
    assert "problem" in levels["third"]
    assert "problem" not in levels["clinic"] | levels["rosta"]


# --- raising ------------------------------------------------------------------------------------


@pytest.mark.security(4)
@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("hook", CALLS)
def test_whatever_a_hook_raises_is_one_named_error(
    world: World, hook: str, error: BaseException
) -> None:
    """Connection and hook are named, the exception's own words are not repeated."""
    with plug(world, **{hook: raising(error)}), pytest.raises(RenkeiError) as caught:
        CALLS[hook](rosta())
    told = caught.value
    assert isinstance(told, InDoubtError if hook in HOOKS[2:] else ConnectorError)
    assert told.where == "rosta"
    assert f"rosta: the connector failed in {hook} ({type(error).__name__})" in told.message
    assert CANARY not in told.message


def test_an_error_in_the_middle_of_a_list_is_named(world: World) -> None:
    """The first hundred people are no plan."""

    def some() -> Iterator[Employee]:
        yield SOMEBODY
        raise ValueError(CANARY)

    with plug(world, list_employees=some):
        people = rosta().list_employees(TODAY, FIELDS)
        with pytest.raises(ConnectorError, match="list_employees"):
            list(people)


def test_an_interrupt_by_the_user_is_not_taken_for_an_error(world: World) -> None:
    """Ctrl-C stays what it is."""
    with plug(world, list_employees=raising(KeyboardInterrupt())), pytest.raises(KeyboardInterrupt):
        CALLS["list_employees"](rosta())


@pytest.mark.parametrize("hook", HOOKS[:2])
@pytest.mark.parametrize("error", [RecordError("no"), InDoubtError(RecordError("no"))])
def test_a_read_that_raises_what_only_a_write_may_is_a_broken_contract(
    world: World, hook: str, error: RenkeiError
) -> None:
    """One refused employee or a write in doubt mean nothing where nothing is written."""
    with plug(world, **{hook: raising(error)}), pytest.raises(ConnectorError, match=hook):
        CALLS[hook](rosta())


def test_a_failing_hook_fails_the_fetch_and_not_the_next(world: World) -> None:
    """The run says why; with the connector repaired the next fetch works."""
    world.in_clinic()
    with plug(world, list_employees=raising(SystemExit(1))), pytest.raises(ConnectorError):
        world.fetch()
    with world.runs() as runs:
        (run,) = runs.reports()
    assert run.status is Status.FAILED
    assert run.reason is not None
    assert (run.reason.code, run.reason.about) == ("connector", ("rosta",))
    assert world.fetch().status is Status.READY


# --- answering nonsense -------------------------------------------------------------------------


class Text(str):
    """Looks like text, and may be anything."""

    __slots__ = ()


def somebody(**values: object) -> list[Employee]:
    """Return a list of one employee with these values."""
    return [Employee(id="id-1", values={"id_no": "1", **values})]  # type: ignore[dict-item]


SPEC = FieldSpec(name="id_no", label=Label("番号", "number"), role="number")
NEW = NewField("ward", Label("病棟", "Ward"), (Choice("W1", "North"),))
PEOPLE: list[object] = [
    None,
    5,
    "abc",
    {"id_no": CANARY},
    [None],
    [{"id_no": CANARY}],
    [Employee(id="", values={})],
    [Employee(id=5, values={})],  # type: ignore[arg-type]
    [Employee(id="\ud800", values={})],
    [Employee(id="a\0b", values={})],
    [Employee(id="1", values=None)],  # type: ignore[arg-type]
    [Employee(id="1", values=[CANARY])],  # type: ignore[arg-type]
    [Employee(id="1", values={}, unreadable=None)],  # type: ignore[arg-type]
    somebody(nickname=CANARY),
    somebody(dob=dt.datetime(1990, 4, 1, tzinfo=dt.UTC)),
    somebody(dob="1990-04-01"),
    somebody(capacity=True),
    somebody(capacity="3"),
    somebody(capacity=3.0),
    somebody(nights=1),
    somebody(family=5),
    somebody(family=CANARY.encode()),
    somebody(family=Text(CANARY)),
    somebody(family=[CANARY]),
    somebody(id_no=1),
]
NONSENSE: list[tuple[str, object]] = [
    *(("list_employees", answer) for answer in PEOPLE),
    *(("read_employees", answer) for answer in PEOPLE),
    ("fields", None),
    ("fields", []),
    ("fields", ["id_no"]),
    ("fields", [SPEC, SPEC]),
    ("fields", [SPEC, evolve(SPEC, name="other")]),
    ("fields", [evolve(SPEC, role=None)]),
    ("fields", [evolve(SPEC, type="string")]),  # type: ignore[arg-type]
    ("fields", [evolve(SPEC, type="integer")]),
    ("fields", [evolve(SPEC, name=5)]),  # type: ignore[arg-type]
    ("fields", [evolve(SPEC, label="番号")]),  # type: ignore[arg-type]
    ("fields", [evolve(SPEC, role="boss")]),  # type: ignore[arg-type]
    ("fields", [evolve(SPEC, write="sometimes")]),  # type: ignore[arg-type]
    ("fields", [evolve(SPEC, allowed_labels=(Label("一", "one"),))]),
    ("fields", [evolve(SPEC, allowed=("1",), allowed_labels=("one",))]),  # type: ignore[arg-type]
    ("new_employee_fields", None),
    ("new_employee_fields", ["ward"]),
    ("new_employee_fields", [evolve(NEW, name="wrad")]),
    ("new_employee_fields", [NEW, NEW]),
    ("new_employee_fields", [evolve(NEW, choices=None)]),  # type: ignore[arg-type]
    ("new_employee_fields", [evolve(NEW, choices=("W1",))]),  # type: ignore[arg-type]
    ("new_employee_fields", [evolve(NEW, choices=(Choice(1, "North"),))]),  # type: ignore[arg-type]
    ("new_employee_fields", [evolve(NEW, choices=(Choice("W1", None),))]),  # type: ignore[arg-type]
    ("new_employee_fields", [evolve(NEW, choices=(Choice("\ud800", "North"),))]),
    ("new_employee_fields", [evolve(NEW, choices=(Choice("W1", "\ud800"),))]),
    ("create_employee", None),
    ("create_employee", ""),
    ("create_employee", 5),
    ("create_employee", {"id": CANARY}),
    ("check", None),
    ("check", "ok"),
    ("check", Account(None)),  # type: ignore[arg-type]
    ("check", Account("a", None)),  # type: ignore[arg-type]
    ("check", Account("a", ("fine",))),  # type: ignore[arg-type]
    ("closed_hours", None),
    ("closed_hours", ["08:30-10:00"]),
    ("closed_hours", [ClosedHours("08:30", "10:00")]),  # type: ignore[arg-type]
    ("closed_hours", [ClosedHours(dt.time(22), dt.time(5))]),
    ("request_limits", None),
    ("request_limits", [10]),
    ("request_limits", [RequestLimit(0, 60)]),
    ("request_limits", [RequestLimit(10, 0)]),
    ("request_limits", [RequestLimit("10", 60)]),  # type: ignore[arg-type]
    ("in_parallel", None),
    ("in_parallel", True),
    ("in_parallel", ["reads"]),
    ("in_parallel", "pages"),
    ("in_parallel", [["pages"]]),
]


@pytest.mark.fault("F77")
@pytest.mark.parametrize(("hook", "answer"), NONSENSE)
def test_a_hook_that_answers_nonsense_is_one_named_error(
    world: World, hook: str, answer: object
) -> None:
    """Connection and hook are named; nothing of what was answered is repeated."""
    with plug(world, **{hook: answer}), pytest.raises(RenkeiError) as caught:
        CALLS[hook](rosta())
    told = caught.value
    assert isinstance(told, InDoubtError if hook in HOOKS[2:] else ConnectorError)
    assert told.where == "rosta"
    assert hook in told.message
    assert CANARY not in told.message


GRADE = FieldSpec(name="grade", label=Label("等級", "grade"), type="integer")
WRONG_PARTS: list[tuple[str, object, str]] = [
    ("fields", [evolve(GRADE, allowed=(1, 2))], "FieldSpec(name='grade').allowed"),  # type: ignore[arg-type]
    ("fields", [SPEC, evolve(GRADE, role="hired")], "FieldSpec(name='grade').role"),
    ("fields", [SPEC, evolve(GRADE, encoding="klingon")], "FieldSpec(name='grade').encoding"),
    ("fields", [SPEC, evolve(GRADE, path="a..b")], "FieldSpec(name='grade').path"),
    ("fields", [SPEC, evolve(GRADE, offered=None)], "FieldSpec(name='grade').offered"),  # type: ignore[arg-type]
    ("new_employee_fields", [evolve(NEW, choices=[])], "NewField(name='ward').choices"),  # type: ignore[arg-type]
    ("check", Account("a", [Finding("ok", "b")]), "Account.findings"),  # type: ignore[arg-type]
    ("closed_hours", [ClosedHours(dt.time(22), dt.time(5))], "ClosedHours.end"),
    ("request_limits", [RequestLimit(10, 0)], "RequestLimit.window_s"),
    ("list_employees", [Employee(id=5, values={})], "Employee.id: int"),  # type: ignore[arg-type]
    (
        "list_employees",
        [Employee(id="5", values={}, unreadable=["dob"])],  # type: ignore[arg-type]
        "Employee.unreadable: list",
    ),
]


@pytest.mark.parametrize(("hook", "answer", "part"), WRONG_PARTS)
def test_a_broken_contract_names_what_its_author_has_to_correct(
    world: World, hook: str, answer: object, part: str
) -> None:
    """Of thirty fields with fifteen attributes each, the one that is wrong is told."""
    with plug(world, **{hook: answer}), pytest.raises(ConnectorError) as caught:
        CALLS[hook](rosta())
    assert f" {part}. " in caught.value.message


def test_findings_and_sound_answers_pass(world: World) -> None:
    """What keeps the contract is handed on as it is."""
    account = Account("Example Inc.", (Finding("warning", "old"),))
    hours, limit = ClosedHours(dt.time(8, 30), dt.time(10)), RequestLimit(10, 0.5)
    with plug(
        world,
        check=account,
        closed_hours=[hours],
        request_limits=[limit],
        in_parallel=["pages"],
        new_employee_fields=[NEW],
    ):
        writer = rosta()
        assert writer.check() == account
        assert writer.closed_hours == (hours,)
        assert writer.request_limits == (limit,)
        assert writer.in_parallel == {"pages"}
        assert writer.new_employee_fields() == (NEW,)


TOKEN = "t0ken/with+odd=signs"
FORMS = (
    TOKEN,
    "t0ken%2Fwith%2Bodd%3Dsigns",
    base64.b64encode(TOKEN.encode()).decode(),
    base64.b64encode(f"{TOKEN}:".encode()).decode(),
    base64.b64encode(f":{TOKEN}".encode()).decode(),
)
TOLD = f"Bearer {TOKEN}, again: " + ", ".join(FORMS)
RAISED_WITH_IT: dict[str, Callable[[], RenkeiError]] = {
    "message": lambda: AccessError(TOLD),
    "all": lambda: AccessError("no", code=TOLD, where=TOLD, hint=TOLD),
    "later": lambda: UnavailableError(TOLD, retry_after_s=1),
    "closed": lambda: ClosedError(TOLD, opens=dt.datetime(2026, 11, 20, tzinfo=dt.UTC)),
    "answer": lambda: AnswerError(TOLD),
    "setting": lambda: ConfigurationError(TOLD),
    "refused": lambda: RecordError(TOLD, detail=TOLD, fields=(TOLD,)),
    "doubt": lambda: InDoubtError(AnswerError(TOLD, hint=TOLD)),
    "doubt about a refusal": lambda: InDoubtError(RecordError("no", detail=TOLD)),
}


def all_texts(thing: object) -> Iterator[str]:
    """Yield every text that is somewhere in a record or an error."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, list | tuple):
        for each in thing:
            yield from all_texts(each)
    elif isinstance(thing, BaseException):
        yield from all_texts([str(thing), *vars(thing).values(), list(thing.args)])
    elif attributes := getattr(thing, "__attrs_attrs__", ()):
        yield from all_texts([getattr(thing, each.name) for each in attributes])


def shown_with(thing: object) -> list[str]:
    """Return those texts of a thing that hold the token in any form."""
    return [text for text in all_texts(thing) if any(form.rstrip("=") in text for form in FORMS)]


@pytest.mark.parametrize("hook", CALLS)
@pytest.mark.parametrize("kind", RAISED_WITH_IT)
def test_a_token_in_an_error_of_a_connector_is_hidden(world: World, hook: str, kind: str) -> None:
    """Wherever it stands and however it was sent: a connector may quote what its system quotes."""
    error = RAISED_WITH_IT[kind]()
    assert shown_with(error)
    with plug(world, **{hook: raising(error)}), pytest.raises(RenkeiError) as caught:
        CALLS[hook](rosta(TOKEN))
    assert shown_with(caught.value) == []


def test_a_token_in_what_a_connector_tells_is_hidden(world: World) -> None:
    """In the name of an account, findings, choices and labels; codes stay, since they are sent."""
    ward = NewField("ward", Label(TOLD, TOLD), (Choice("W1", TOLD), Choice("W2", "North")))
    with plug(
        world,
        check=Account(TOLD, (Finding("warning", TOLD), Finding("ok", "fine"))),
        new_employee_fields=[ward],
    ):
        writer = rosta(TOKEN)
        account, [field] = writer.check(), writer.new_employee_fields()
    assert shown_with([account, field]) == []
    assert account is not None
    assert account.findings[1] == Finding("ok", "fine")
    assert field.choices[1] == Choice("W2", "North")
    assert field.choices[0].label.startswith("Bearer ***, again: ***")


def test_a_token_in_a_broken_contract_is_hidden(world: World) -> None:
    """The name of an unknown field is repeated, but not what it must not hold."""
    odd = [Employee(id="1", values={TOKEN: "x"})]
    with plug(world, list_employees=odd), pytest.raises(ConnectorError) as caught:
        CALLS["list_employees"](rosta(TOKEN))
    assert shown_with(caught.value) == []


def test_a_token_in_an_error_of_building_is_hidden(world: World) -> None:
    """A connector is handed the token before it is asked anything."""

    def build(_connection: Connection) -> object:
        raise ConfigurationError(TOLD)

    with installed(rosta=build), pytest.raises(ConfigurationError) as caught:
        rosta(TOKEN)
    assert shown_with(caught.value) == []


def test_employees_are_left_alone(world: World) -> None:
    """A value that happens to hold the token is data: it is compared and written as it is."""
    odd = [Employee(id="1", values={"id_no": "1", "family": TOLD})]
    with plug(world, list_employees=odd):
        [person] = rosta(TOKEN).list_employees(TODAY, FIELDS)
    assert person.values["family"] == TOLD


def test_an_iterator_is_as_good_as_a_list(world: World) -> None:
    """A hook may yield what it answers."""
    with plug(world, list_employees=lambda: iter(somebody(capacity=3))):
        (person,) = rosta().list_employees(TODAY, FIELDS)
    assert person.values == {"id_no": "1", "capacity": 3}


@pytest.mark.parametrize("text", ["\ud800", "佐\udfff倉", "佐\0倉"])
def test_text_that_is_no_text_is_unreadable_and_the_others_go_on(world: World, text: str) -> None:
    """Half a surrogate pair or a NUL blocks this one employee, on either side."""
    world.in_clinic(surname=text)
    world.in_clinic("0418")
    world.in_clinic("0419")
    world.in_rosta("0419", kana=text)
    run = world.fetch()
    assert run.counts == {
        Difference.NEW: 1, Difference.CHANGED: 0, Difference.SAME: 0, Difference.BLOCKED: 2,
    }  # fmt: skip
    reasons = {item.number: [(r.code, r.about) for r in item.reasons] for item in world.items(run)}
    assert ("unreadable", ("clinic", "surname")) in reasons["0417"]
    assert reasons["0419"] == [("unreadable", ("rosta", "kana"))]


def test_empty_text_is_known_to_be_empty(world: World) -> None:
    """A system's empty text is what others call null."""
    with plug(world, list_employees=somebody(family="")):
        (person,) = rosta().list_employees(TODAY, FIELDS)
    assert person.values == {"id_no": "1", "family": None}


def test_fields_nobody_asked_for_are_dropped(world: World) -> None:
    """What is not mapped is not kept."""
    with plug(world, list_employees=somebody(family=CANARY)):
        (person,) = rosta().list_employees(TODAY, ("id_no",))
    assert person.values == {"id_no": "1"}


def test_people_nobody_asked_for_are_dropped(world: World) -> None:
    """A connector that reads too much again does not confuse who is who."""
    others = [*somebody(), Employee(id="id-2", values={"id_no": "2"})]
    with plug(world, read_employees=others):
        writer = rosta()
        for refs in ([Ref(id="id-2")], [Ref(number="2")]):
            assert [p.id for p in writer.read_employees(refs, TODAY, FIELDS)] == ["id-2"]


# --- optional hooks, and what a reader cannot do ------------------------------------------------


def test_without_optional_hooks_everything_works(world: World) -> None:
    """The list is read again where nothing better is there; a check warns."""
    world.in_clinic()
    world.in_clinic("0418", mail="new@x.jp")
    world.in_rosta("0418")
    with installed(rosta=lambda _connection: only_required(world.rosta)):
        assert offline.described("rosta").hooks == tuple(sorted(NEEDED))
        writer = rosta()
        assert (writer.closed_hours, writer.request_limits, writer.check()) == ((), (), None)
        assert [p.values["id_no"] for p in writer.read_employees(
            [Ref(number="0418"), Ref(number="9")], TODAY, FIELDS
        )] == ["0418"]  # fmt: skip
        assert world.sync(world.fetch()).status is Status.DONE
        assert [kind for kind, _id, _values in world.rosta.writes] == ["create", "update"]
        with world.runs() as runs:
            levels = {c.subject: [f.level for f in c.findings] for c in runs.check()}
        assert levels["rosta"] == ["warning"]


def test_nothing_is_read_for_nobody(world: World) -> None:
    """No references, no request."""
    assert rosta().read_employees([], TODAY, FIELDS) == []
    assert world.rosta.reads == []


def test_a_reader_has_no_way_to_write() -> None:
    """A preview is read-only by construction."""
    public = {name for name in dir(Reader) if not name.startswith("_")}
    assert not {name for name in public if "create" in name or "update" in name}


def test_during_a_fetch_the_connection_refuses_to_write(world: World) -> None:
    """A connector that writes while it lists is stopped before anything leaves."""
    world.in_clinic()

    def build(connection: Connection) -> object:
        def write() -> object:
            connection.permit(Request(method="POST", url=""))
            return []

        return type("Odd", (MemoryConnector,), {"list_employees": plugins_hook(write)})(world.rosta)

    with installed(rosta=build), pytest.raises(ConnectorError, match="only reading is allowed"):
        world.fetch()


# --- extensions ---------------------------------------------------------------------------------


def shouting(register: Callable[..., None]) -> None:
    """Add a transform; what an extension's entry point names."""
    register(of_text("shout", lambda text: f"{text}!", Label("叫ぶ", "Shout")))


def failing(_register: Callable[..., None]) -> None:
    """Fail as an extension."""
    raise SystemExit(CANARY)


class Here(EntryPoint):
    """An entry point whose object is in this file."""

    def load(self) -> object:
        return {"shouting": shouting, "failing": failing}[self.value]


def test_an_extension_adds_a_transform(world: World, declare: Callable[..., None]) -> None:
    """A mapping names it like a built-in one."""
    declare(Here("loud", "shouting", finding.EXTENSIONS))
    file = world.folder / "pair.yaml"
    told = "{pair: [surname, family], to: {rosta: {transform: shout}}}"
    file.write_text(file.read_text().replace("{pair: [surname, family]}", told))
    world.in_clinic()
    world.sync(world.fetch())
    assert [values["family"] for _kind, _id, values in world.rosta.writes] == ["佐倉!"]


def test_a_broken_extension_is_named(world: World, declare: Callable[..., None]) -> None:
    """Whatever it raises, and if it cannot be imported at all."""
    for name, value, kind in (("bad", "failing", Here), ("gone", "no_such_module:f", EntryPoint)):
        with pytest.MonkeyPatch.context() as patch:
            entries = (kind(name, value, finding.EXTENSIONS),)
            patch.setattr(finding, "found", lambda group, entries=entries: entries)
            with pytest.raises(ConfigurationError, match=f"Extension {name}") as caught:
                finding.load_extensions(lambda _transform: None)
            assert CANARY not in caught.value.message


def test_what_was_read_survives_the_store(world: World) -> None:
    """Every value a connector may answer comes out of the plan as it went in."""
    values: dict[str, Value] = {"surname": "𠮷\n\"'\\;--", "beds": -(2**40), "since": dt.date.min}
    world.in_clinic("0417", **values)
    read = world.item(world.fetch()).read
    assert {name: read[name] for name in values} == values
    assert json.loads(json.dumps(read["surname"])) == values["surname"]


def names(specs: Sequence[FieldSpec]) -> list[str]:
    """Return the names of some fields."""
    return [spec.name for spec in specs]


def test_fields_need_no_network_and_no_token(world: World) -> None:
    """A mapping can be checked on a train."""
    assert names(offline.offline_fields("rosta")) == [*names(world.rosta.specs), "@employed"]
    assert world.rosta.reads == []
