"""Connectors that mean harm, or know no better: one named error, and nothing of theirs spreads.

Connectors stay in our process, by decision: what hangs for ever or ends the process is not stopped.
"""

from __future__ import annotations

import builtins
import datetime as dt
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import Any
from unittest import mock

import pytest
from attrs import define, evolve
from tests.engine.conftest import its_folder, world
from tests.engine.test_plugins import (
    CALLS,
    FIELDS,
    NEW,
    SPEC,
    TODAY,
    plug,
    plugins_hook,
    raising,
    rosta,
)
from tests.engine.world import World

from renkei import people
from renkei.errors import (
    AccessError,
    ClosedError,
    ConfigurationError,
    ConnectorError,
    InDoubtError,
    RecordError,
    RenkeiError,
    UnavailableError,
)
from renkei.model import Difference, Remark, Status
from renkei.people import (
    Account,
    Choice,
    ClosedHours,
    Employee,
    FieldSpec,
    Finding,
    Label,
    NewField,
    RequestLimit,
)
from renkei.plugins import finding, offline
from renkei.testing import MemoryConnector, installed

__all__ = ["its_folder", "world"]

CANARY = "佐倉カナリア-t0ken"
WRITES = ("create_employee", "update_employee")


# --- raising ------------------------------------------------------------------------------------


def instances() -> list[BaseException]:
    """Return one of every exception that Python brings along, each saying a canary."""
    found: list[BaseException] = []
    for kind in vars(builtins).values():
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            continue
        if issubclass(kind, UnicodeDecodeError):
            found.append(kind("utf-8", CANARY.encode(), 0, 1, CANARY))
        elif issubclass(kind, UnicodeEncodeError):
            found.append(kind("ascii", CANARY, 0, 1, CANARY))
        elif issubclass(kind, UnicodeTranslateError):
            found.append(kind(CANARY, 0, 1, CANARY))
        elif issubclass(kind, BaseExceptionGroup):
            found.append(kind(CANARY, [ValueError(CANARY)]))
        else:
            found.append(kind(CANARY))
    return [error for error in found if not isinstance(error, KeyboardInterrupt)]


class Holder(Exception):
    """Holds itself, a token and a mine in every attribute that is usually looked at."""

    def __init__(self) -> None:
        super().__init__(CANARY, self)
        self.__cause__ = self
        self.__notes__ = [CANARY]
        self.message = self.code = self.where = CANARY

    def __str__(self) -> str:
        raise SystemExit(CANARY)

    def __repr__(self) -> str:
        raise KeyError(CANARY)

    def __eq__(self, other: object) -> bool:
        raise MemoryError(CANARY)

    __hash__ = None  # type: ignore[assignment]


RAISED = [*instances(), Holder()]


@pytest.mark.fault("F75")
@pytest.mark.parametrize("hook", CALLS)
def test_every_builtin_exception_in_every_hook_is_one_named_error(world: World, hook: str) -> None:
    """All of them, those that end generators and processes included; nothing they say is told."""
    assert len(RAISED) > 60
    for error in RAISED:
        with plug(world, **{hook: raising(error)}), pytest.raises(RenkeiError) as caught:
            CALLS[hook](rosta())
        told = caught.value
        assert isinstance(told, InDoubtError if hook in WRITES else ConnectorError), error
        assert told.where == "rosta"
        assert f"failed in {hook} ({type(error).__name__})" in told.message
        assert CANARY not in f"{told.message}{told.args}{told.code}"


@pytest.mark.fault("F75")
@pytest.mark.parametrize("hook", ["list_employees", "read_employees"])
def test_every_builtin_exception_in_the_middle_of_a_list(world: World, hook: str) -> None:
    """After the first employee, while the engine asks for the second."""
    for error in RAISED:

        def some(error: BaseException = error) -> Iterator[Employee]:
            yield Employee(id="id-1", values={"id_no": "1"})
            raise error

        with plug(world, **{hook: some}), pytest.raises(ConnectorError, match=hook):
            CALLS[hook](rosta())


def test_whoever_stops_reading_is_not_told_of_an_error(world: World) -> None:
    """A list that is left in the middle is closed in silence."""
    people = [Employee(id=f"id-{n}", values={"id_no": f"{n}"}) for n in range(3)]
    with plug(world, list_employees=people):
        reading: Any = rosta().list_employees(TODAY, FIELDS)
        assert next(reading).id == "id-0"
        reading.close()
        assert list(reading) == []


@pytest.mark.fault("F75")
def test_every_builtin_exception_while_it_is_built(world: World) -> None:
    """A constructor can raise as much as a hook."""
    for error in RAISED:
        fail = raising(error)
        with (
            installed(rosta=lambda _, fail=fail: fail()),  # type: ignore[misc]
            pytest.raises(ConfigurationError, match="rosta cannot be used") as caught,
        ):
            rosta()
        assert CANARY not in caught.value.message


class OddText(AccessError):
    """One of our own errors that is a mine when it is looked at."""

    @property
    def message(self) -> str:
        raise ValueError(CANARY)

    @message.setter
    def message(self, text: str) -> None:
        pass


def saying(message: Any) -> RenkeiError:
    """Return an error of ours that says what is no text."""
    error = AccessError("x")
    error.message = message
    return error


def hollow() -> RenkeiError:
    """Return an error of ours that was never initialised."""
    return AccessError.__new__(AccessError)


def looped() -> InDoubtError:
    """Return a doubt about itself."""
    error = InDoubtError(AccessError("x"))
    error.cause = error
    return error


NOW = dt.datetime(2026, 11, 20, 12)  # noqa: DTZ001 - no zone is the mistake
UNSOUND: dict[str, Callable[[], BaseException]] = {
    "message": lambda: saying(5),
    "no message": lambda: saying(None),
    "surrogate": lambda: saying("\ud800"),
    "code": lambda: AccessError("x", code=["a"]),  # type: ignore[arg-type]
    "where": lambda: AccessError("x", where=b"x"),  # type: ignore[arg-type]
    "wait": lambda: UnavailableError("x", retry_after_s="soon"),  # type: ignore[arg-type]
    "again": lambda: UnavailableError("x", again="yes"),  # type: ignore[arg-type]
    "opens": lambda: ClosedError("x", opens="10:00"),  # type: ignore[arg-type]
    "opens without a zone": lambda: ClosedError("x", opens=NOW),
    "mine": lambda: OddText("x"),
    "hollow": hollow,
}
UNSOUND_WRITES: dict[str, Callable[[], BaseException]] = {
    "fields": lambda: RecordError("x", fields="family"),  # type: ignore[arg-type]
    "field": lambda: RecordError("x", fields=(5,)),  # type: ignore[arg-type]
    "list of fields": lambda: RecordError("x", fields=["family"]),  # type: ignore[arg-type]
    "detail": lambda: RecordError("x", detail=b"x"),  # type: ignore[arg-type]
    "accepted": lambda: RecordError("x", accepted="yes"),  # type: ignore[arg-type]
    "looped": looped,
}


@pytest.mark.parametrize(
    ("hook", "name"),
    [
        *((hook, name) for hook in CALLS for name in UNSOUND),
        *((hook, name) for hook in WRITES for name in UNSOUND_WRITES),
    ],
)
def test_our_own_errors_filled_with_nonsense_are_not_passed_on(
    world: World, hook: str, name: str
) -> None:
    """A message that is no text, a wait that is no number: the connector broke off, no more."""
    error = {**UNSOUND, **UNSOUND_WRITES}[name]()
    with plug(world, **{hook: raising(error)}), pytest.raises(RenkeiError) as caught:
        CALLS[hook](rosta())
    assert isinstance(caught.value, InDoubtError if hook in WRITES else ConnectorError)
    assert type(error).__name__ in caught.value.message


# --- answering nonsense -------------------------------------------------------------------------


class Text(str):
    """Looks like text, and may be anything."""

    __slots__ = ()


@define(slots=False)
class Anybody(Employee):
    """Looks like an employee, and says something else each time."""

    def __getattribute__(self, name: str) -> Any:
        if name == "values":
            raise SystemExit(CANARY)
        return super().__getattribute__(name)


class Endless:
    """An iterator that cannot even be asked for its first element."""

    def __iter__(self) -> Iterator[Any]:
        raise GeneratorExit(CANARY)


class Liar:
    """Says that it is an employee."""

    __class__ = Employee  # type: ignore[assignment]
    id = "id-1"
    values = {"id_no": "1"}  # noqa: RUF012
    unreadable = ()


def one(**more: Any) -> list[Any]:
    """Return a list of one employee."""
    return [Employee(**{"id": "id-1", "values": {"id_no": "1"}, **more})]


LABEL = SPEC.label


def spec(**more: Any) -> FieldSpec:
    """Return a second field."""
    given: dict[str, Any] = {"name": "x", "label": LABEL, **more}
    return FieldSpec(**given)


PEOPLE: list[Any] = [
    Endless(),
    [Liar()],
    [Anybody(id="id-1", values={})],
    one(id=Text("id-1")),
    one(values={Text("id_no"): Text("1")}),
    one(values={5: "1"}),
    one(values={"id_no": dt.date.min}),
    one(values={"capacity": 1 + 0j}),
    one(unreadable="family"),
    one(unreadable=["family"]),
    one(unreadable={"family": 1}),
    one(unreadable=5),
]
ANSWERS: list[tuple[str, Any]] = [
    *((hook, people) for hook in ("list_employees", "read_employees") for people in PEOPLE),
    *(
        ("fields", [SPEC, spec(**more)])
        for more in (
            {"required": 1},
            {"wanted": None},
            {"clearable": "no"},
            {"dated": 0},
            {"allowed": ["a"]},
            {"allowed": "ab"},
            {"allowed": (1,)},
            {"max_length": "9"},
            {"max_length": True},
            {"max_length": 1.5},
            {"label": Label(None, "x")},  # type: ignore[arg-type]
            {"label": Label("番", Text("x"))},
            {"label": ("番", "x")},
            {"name": Text("x")},
            {"type": ["text"]},
        )
    ),
    ("fields", {"id_no": SPEC}),
    ("fields", iter([SPEC, None])),
    ("fields", type("Spec", (FieldSpec,), {})(name="id_no", label=LABEL, role="number")),
    ("new_employee_fields", [NewField("ward", LABEL, [Choice("1", "x")])]),  # type: ignore[arg-type]
    ("new_employee_fields", [NewField("ward", LABEL, iter([Choice("1", "x")]))]),  # type: ignore[arg-type]
    ("new_employee_fields", [NewField("ward", Label("病", 5), ())]),  # type: ignore[arg-type]
    ("new_employee_fields", [NewField(["ward"], LABEL, ())]),  # type: ignore[arg-type]
    ("new_employee_fields", [NewField("ward", LABEL, (Choice("", "x"),))]),
    ("new_employee_fields", [evolve(NEW, choices=(("W1", "North"),))]),  # type: ignore[arg-type]
    ("create_employee", Text("id-1")),
    ("create_employee", b"id-1"),
    ("create_employee", ["id-1"]),
    ("create_employee", True),
    ("check", Account("a", [Finding("ok", "x")])),  # type: ignore[arg-type]
    ("check", Account("a", (Finding("fine", "x"),))),  # type: ignore[arg-type]
    ("check", Account(Text("a"))),
    ("account_name", Text("a")),
    ("account_name", b"a"),
    ("account_name", 5),
    ("account_name", people.Customer(name=5)),  # type: ignore[arg-type]
    ("account_name", people.Customer(name="a", ids=["1"])),  # type: ignore[arg-type]
    ("account_name", people.Customer(name="a", ids=("",))),
    ("account_name", people.Customer(name="a", corporate_numbers=(7000012050002,))),  # type: ignore[arg-type]
    ("account_name", type("Mine", (people.Customer,), {})(name="a")),
    ("closed_hours", [ClosedHours(dt.time(8), dt.time(8))]),
    ("closed_hours", [ClosedHours(dt.time(8, tzinfo=dt.UTC), dt.time(10))]),
    ("closed_hours", [ClosedHours(dt.time(8), 36000)]),  # type: ignore[arg-type]
    ("closed_hours", 5),
    ("request_limits", [RequestLimit(10, float("nan"))]),
    ("request_limits", [RequestLimit(10, float("inf"))]),
    ("request_limits", [RequestLimit(1.5, 60)]),  # type: ignore[arg-type]
    ("request_limits", [RequestLimit(True, 60)]),
    ("request_limits", [RequestLimit(10, -1)]),
    ("request_limits", [RequestLimit(10, "60")]),  # type: ignore[arg-type]
]


@pytest.mark.fault("F77")
@pytest.mark.parametrize(("hook", "answer"), ANSWERS)
def test_what_only_looks_right_is_one_named_error(world: World, hook: str, answer: Any) -> None:
    """Subclasses, mutable sequences, flags that are numbers: refused where they come in."""
    with plug(world, **{hook: answer}), pytest.raises(RenkeiError) as caught:
        CALLS[hook](rosta())
    told = caught.value
    assert isinstance(told, InDoubtError if hook in WRITES else ConnectorError)
    assert told.where == "rosta"
    assert hook in told.message
    assert CANARY not in told.message


@pytest.mark.fault("F77")
def test_what_is_changed_after_it_was_handed_over_changes_nothing(world: World) -> None:
    """The engine keeps its own copy of a record, and hands out copies of what it holds."""
    shared: dict[str, Any] = {"id_no": "1", "family": "佐倉"}
    with plug(world, list_employees=[Employee(id="id-1", values=shared)] * 2):
        first, second = rosta().list_employees(TODAY, FIELDS)
    shared["family"] = CANARY
    assert first.values == second.values == {"id_no": "1", "family": "佐倉"}
    assert first.values is not second.values


def test_a_generator_that_is_used_up_is_an_empty_list(world: World) -> None:
    """The same generator twice lists nobody the second time: said, and nothing is written."""
    world.in_clinic()
    once: Iterator[Employee] = iter(())
    with plug(world, list_employees=lambda: once):
        first, second = world.fetch(), world.fetch()
    for run in (first, second):
        assert "list_empty" in {notice.code for notice in run.notices}
    assert world.rosta.writes == []


def test_a_write_that_was_only_claimed_comes_back_with_the_next_fetch(world: World) -> None:
    """Success without sending is seen with a look: failed; and nobody is lost."""
    world.in_clinic(mail="new@example.com")
    world.in_rosta(email="old@example.com")
    with plug(world, update_employee=lambda: None):
        run = world.sync(world.fetch())
        assert run.status is Status.DONE_WITH_ERRORS
        [item] = world.items(run)
        assert item.outcome_reason == Remark("not_stored", ("email",))
        assert world.fetch().counts[Difference.CHANGED] == 1


# --- behaving badly -----------------------------------------------------------------------------


def meddle() -> None:
    """Print, log, warn, and change what the whole process shares."""
    sys.stderr.write(CANARY)
    logging.getLogger("renkei").error(CANARY)
    logging.getLogger().critical(CANARY)
    warnings.warn(CANARY, stacklevel=1)
    os.environ["RENKEI_CONFIG"] = CANARY
    os.environ["RENKEI_NOW"] = CANARY
    if threading.current_thread() is threading.main_thread():  # Python refuses elsewhere
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


@pytest.mark.fault("F78")
@pytest.mark.filterwarnings("ignore:佐倉")
@pytest.mark.sqlite
def test_a_connector_that_meddles_spoils_neither_run_nor_store(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints, logs, changes the environment and the signals; plan and report are as ever."""
    before = signal.getsignal(signal.SIGTERM)
    for name in ("RENKEI_CONFIG", "RENKEI_NOW"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back afterwards
    world.in_clinic()
    world.rosta.trouble = lambda _hook, _values: meddle()
    try:
        run = world.fetch()
        assert run.counts[Difference.NEW] == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert CANARY not in capsys.readouterr().out
    assert CANARY.encode() not in (world.folder / "reports.db").read_bytes()


# --- finding ------------------------------------------------------------------------------------


class Unspeakable(MemoryConnector):
    """Whatever is asked of it as a whole says a canary, or fails."""

    def __repr__(self) -> str:
        raise ValueError(CANARY)

    __str__ = __repr__


def with_hook(**hooks: Any) -> type[Unspeakable]:
    """Return such a connector with further hooks."""
    return type("Odd", (Unspeakable,), {name: plugins_hook(hook) for name, hook in hooks.items()})


def named(**_unknown: Any) -> object:
    """Return a hook with an argument that no hook has, and a mine as its default."""
    from renkei.connector import hookimpl

    def check(self: object, pasword: object, other: object = Unspeakable) -> object:
        return None

    return hookimpl(check)


def wrapped() -> object:
    """Return a hook that says it is a wrapper and is none."""
    import pluggy

    def check(self: object) -> object:
        return None

    return pluggy.HookimplMarker("renkei")(wrapper=True)(check)


BUILT: dict[str, Callable[[World], object]] = {
    "unknown hook": lambda world: with_hook(lst_employees=list)(world.rosta),
    "several": lambda world: with_hook(a_hook=list, b_hook=list)(world.rosta),
    "argument": lambda world: type("Odd", (Unspeakable,), {"check": named()})(world.rosta),
    "wrapper": lambda world: type("Odd", (Unspeakable,), {"check": wrapped()})(world.rosta),
    "none": lambda _world: None,
    "text": lambda _world: "connector",
    "module": lambda _world: sys,
}


@pytest.mark.fault("F79")
@pytest.mark.parametrize("name", BUILT)
def test_a_connector_of_another_shape_is_named_in_our_words(world: World, name: str) -> None:
    """A misspelt hook, a wrong argument, no connector at all; its own words are not repeated."""
    with (
        installed(rosta=lambda _connection: BUILT[name](world)),
        pytest.raises(ConfigurationError, match="rosta cannot be used") as caught,
    ):
        rosta()
    assert CANARY not in caught.value.message
    assert "object at" not in caught.value.message


def test_a_connector_that_fails_when_it_is_looked_at_is_named(world: World) -> None:
    """Registering looks at every attribute there is; each of them may raise."""
    for error in RAISED:

        class Mined(MemoryConnector):
            def __dir__(self, error: BaseException = error) -> list[str]:
                raise error

        with (
            installed(rosta=lambda _, kind=Mined: kind(world.rosta)),  # type: ignore[misc]
            pytest.raises(ConfigurationError, match="rosta cannot be used"),
        ):
            rosta()


class Mine(EntryPoint):
    """An entry point that fails at import."""

    def load(self) -> object:
        raise next(error for n, error in enumerate(RAISED) if str(n) == self.value)


@pytest.mark.fault("F79")
def test_whatever_an_import_raises_the_others_are_listed(world: World) -> None:
    """Every builtin exception at import is one problem in the list of connectors, and no more."""
    mines = tuple(Mine(f"mine{n}", f"{n}", finding.CONNECTORS) for n in range(len(RAISED)))
    real = finding.found
    with mock.patch.object(finding, "found", lambda group: (*real(group), *mines)):
        problems = {each.name: each.problem for each in offline.installed()}
    assert all(problems[mine.name] for mine in mines)
    assert not any(CANARY in (problem or "") for problem in problems.values())
    assert problems["clinic"] is problems["rosta"] is None
