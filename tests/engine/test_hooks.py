"""What a connector may leave out, and what it may ask for: since renkei 0.2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import attrs
import pytest
from tests.engine.world import ROSTA, World, spec

from renkei.connector import (
    Choice,
    Connection,
    Employee,
    FieldSpec,
    Need,
    hookimpl,
    read_options,
)
from renkei.errors import BusyError, ConfigurationError, ConnectorError, MappingError, UsageError
from renkei.hookspecs import REQUIRED
from renkei.http.secret import Secret
from renkei.model import Difference, Status
from renkei.plugins import offline
from renkei.plugins.writer import Writer
from renkei.testing import MemoryConnector, MemorySystem, installed


def with_hooks(system: MemorySystem, *hooks: str) -> object:
    """Return a connector that has these hooks of a system in memory, and no other."""
    body = {name: vars(MemoryConnector)[name] for name in (*hooks, "__init__", "_shown")}
    return type("Plain", (), body)(system)


def reading(system: MemorySystem) -> Callable[[Connection], object]:
    """Return what builds a connector that can only be read."""
    return lambda _connection: with_hooks(system, *REQUIRED)


def test_a_connector_that_cannot_write_is_a_source(world: World) -> None:
    """With two hooks it can be compared with another system, and is written into that one."""
    world.in_clinic()
    with installed(clinic=reading(world.clinic)):
        done = world.sync(world.fetch())
    assert done.counts[Difference.NEW] == 1
    assert [kind for kind, _id, _values in world.rosta.writes] == ["create"]


def test_a_source_is_refused_as_a_target_before_anything_is_read(world: World) -> None:
    """A fetch the wrong way round says which way round it goes; nothing is asked of a system."""
    with installed(clinic=reading(world.clinic)):
        with pytest.raises(UsageError, match="clinic is a source only") as caught:
            world.fetch("rosta", "clinic")
        with world.runs() as runs:
            pairs = [(pair.source, pair.target) for pair in runs.pairs()]
    assert (caught.value.exit_code, caught.value.code) == (2, "source_only")
    assert "clinic → rosta" in caught.value.message
    assert pairs == [("clinic", "rosta")]
    assert world.clinic.reads == world.rosta.reads == []


def test_a_check_tells_of_a_source(world: World) -> None:
    """Its connection says it, and the mapping says in which direction it is of use."""
    with installed(clinic=reading(world.clinic)), world.runs() as runs:
        told = {each.subject: [f.message for f in each.findings] for each in runs.check()}
    assert any("source only" in text for text in told["clinic"])
    assert "It is for clinic → rosta only: clinic is a source only." in told["./pair.yaml"]


def test_two_sources_are_a_problem(world: World) -> None:
    """A pair in which nobody can be written is a mistake of the configuration."""
    with (
        installed(clinic=reading(world.clinic), rosta=reading(world.rosta)),
        world.runs() as runs,
    ):
        levels = {each.subject: {f.level for f in each.findings} for each in runs.check()}
    assert "problem" in levels["./pair.yaml"]


@pytest.mark.parametrize("hook", ["create_employee", "update_employee"])
def test_half_a_target_is_none(world: World, hook: str) -> None:
    """A connector that can do one of the two writes lacks the other."""
    other = {"create_employee": "update_employee", "update_employee": "create_employee"}[hook]
    with (
        installed(rosta=lambda _connection: with_hooks(world.rosta, *REQUIRED, hook)),
        pytest.raises(ConfigurationError, match=f"it lacks {other}"),
    ):
        offline.described("rosta")


def test_fields_may_depend_on_the_options_of_a_connection(world: World) -> None:
    """A field that only the options name is paired, compared and written."""

    class Own(MemoryConnector):
        @hookimpl
        def fields(self, options: Mapping[str, Any]) -> Sequence[FieldSpec]:  # type: ignore[override]
            return (*ROSTA, *(spec(name) for name in options.get("own", "").split()))

    file = world.folder / "renkei.yaml"
    lines = "connector: rosta\n    options: {own: floor desk}"
    file.write_text(file.read_text().replace("connector: rosta", lines))
    mapping = world.folder / "pair.yaml"
    mapping.write_text(mapping.read_text().replace("[mail, email]", "[mail, desk]"))
    world.rosta.specs = (*ROSTA, spec("floor"), spec("desk"))
    world.in_clinic()
    with installed(rosta=lambda _connection: Own(world.rosta)):
        world.sync(world.fetch())
    ((_kind, _id, values),) = world.rosta.writes
    assert values["desk"] == "sakura@example.jp"


def test_any_field_may_have_codes(world: World) -> None:
    """The connector is asked for those of one field, whether a new employee needs it or not."""

    class Coded(MemoryConnector):
        @hookimpl
        def choices(self, field: str) -> Sequence[Choice]:
            return [Choice("7", "North"), Choice("8", "North")] if field == "email" else []

    with installed(rosta=lambda _connection: Coded(world.rosta)), world.runs() as runs:
        (email,) = runs.choices("rosta", "email")
        (rank,) = runs.choices("rosta", "rank")
        (family,) = runs.choices("rosta", "family")
        with pytest.raises(UsageError, match='no field "emial"; did you mean "email"'):
            runs.choices("rosta", "emial")
    assert [choice.shown for choice in email.choices] == ["North (7)", "North (8)"]
    assert [choice.code for choice in rank.choices] == ["1", "2"]
    assert family.choices == ()


def test_the_codes_of_a_field_are_known_without_the_hook(world: World) -> None:
    """What a new employee can be given is offered, too."""
    with world.runs() as runs:
        (ward,) = runs.choices("rosta", "ward")
    assert [choice.code for choice in ward.choices] == ["W1", "W2", "W3", "W4"]


# --- neither address nor token ------------------------------------------------------------------

SHELF = "connector: rosta\n    options:\n      path: {path}\n      columns: [a, {{b: c}}]"


@attrs.frozen
class Shelf:
    """What the connection of a file says."""

    path: str
    columns: list[Any] = attrs.field(factory=list)
    width: int = 1


class OnShelf(MemoryConnector):
    """A system that is a file: nobody logs in to it."""

    def __init__(self, connection: Connection, system: MemorySystem) -> None:
        super().__init__(system)
        self.connection = connection

    @hookimpl
    def needs(self) -> Sequence[Need]:
        return ()

    @hookimpl
    def check_options(self, options: Mapping[str, Any]) -> None:
        read_options(options, Shelf)

    @hookimpl
    def identity(self) -> str:
        return str((self.connection.folder / self.connection.options["path"]).resolve())


def on_shelf(world: World, path: str = "a.txt") -> AbstractContextManager[None]:
    """Let the rosta be such a file."""
    file = world.folder / "renkei.yaml"
    head, rosta = file.read_text().split("  rosta:\n")
    lines = [line for line in rosta.splitlines() if "base_url" not in line and "token" not in line]
    written = "\n".join(lines).replace("connector: rosta", SHELF.format(path=path))
    file.write_text(f"{head}  rosta:\n{written}\n")
    return installed(rosta=lambda connection: OnShelf(connection, world.rosta))


def test_a_system_without_address_and_token_is_synced(world: World) -> None:
    """Its connection says neither, its options are nested, and it is read and written as any."""
    world.in_clinic()
    with on_shelf(world):
        done = world.sync(world.fetch())
        with world.runs() as runs:
            options = runs.config.connection("rosta").options
    assert done.status is Status.DONE
    assert options == {"path": "a.txt", "columns": ["a", {"b": "c"}]}


def test_an_old_connector_is_still_asked_for_both(world: World) -> None:
    """What is missing stands in the file at the connection, as before."""
    with on_shelf(world), installed(rosta=lambda _connection: MemoryConnector(world.rosta)):
        told = broken(world)
    assert [each.rsplit(": ", 1)[1] for each in told] == [
        'the key "base_url" is missing',
        'the key "token" is missing',
    ]


def broken(world: World) -> list[str]:
    """Return the mistakes of the configuration file, without its folder."""
    with pytest.raises(MappingError) as caught:
        world.fetch()
    return [str(each).removeprefix(f"{world.folder}/") for each in caught.value.problems]


def test_mistakes_in_options_have_their_places(world: World) -> None:
    """The connector finds them, the file's lines and columns are told, all at once."""
    world.in_clinic()
    with on_shelf(world):
        file = world.folder / "renkei.yaml"
        file.write_text(file.read_text().replace("path: a.txt", "pth: a.txt\n      width: wide"))
        told = broken(world)
    assert told == [
        'renkei.yaml:10:7: the key "path" is missing',
        'renkei.yaml:10:7: unknown key "pth"; did you mean "path"?',
        'renkei.yaml:11:14: width: expected a whole number, not "wide"',
    ]
    assert world.rosta.reads == []


def test_an_empty_value_within_options_is_told(world: World) -> None:
    """Nothing is nothing at any depth."""
    with on_shelf(world):
        file = world.folder / "renkei.yaml"
        file.write_text(file.read_text().replace("{b: c}", "{b: }"))
        assert broken(world) == ["renkei.yaml:11:24: a value is missing"]


def test_two_names_of_one_file_are_one_account(world: World) -> None:
    """What the connector says of the account is what the lease and the pace go by."""
    (world.folder / "b.txt").symlink_to(world.folder / "a.txt")
    accounts = []
    for path in ("a.txt", "./a.txt", "b.txt", "c.txt"):
        with on_shelf(world, path), world.runs() as runs:
            accounts.append(runs._ground.systems.reader("rosta").connection.identity)
        (world.folder / "renkei.yaml").write_text(world.files["renkei.yaml"])
    assert accounts[0] == accounts[1] == accounts[2] != accounts[3]


def test_a_file_that_says_nothing_of_itself_is_told_by_its_options() -> None:
    """Two connections without address, token or a word of the connector are two accounts."""
    one, other = (
        Connection(name=name, connector="file", base_url="", token=Secret(None), options=options)
        for name, options in (("a", {"path": "a"}), ("b", {"path": "b"}))
    )
    assert one.identity != other.identity


def test_who_asks_for_no_address_and_no_token_gets_none() -> None:
    """There is no session without an address, and no token to be shown."""
    connection = Connection(name="shelf", connector="file", base_url="", token=Secret(None))
    with pytest.raises(ConnectorError, match="an address that it has not asked for"):
        connection.session(headers={}, classify=lambda _failure: None)
    with pytest.raises(ConnectorError, match="a token that it has not asked for"):
        connection.token.reveal()
    assert connection.token.hidden_in("anything") == "anything"


def test_a_fetch_cannot_write_whatever_the_connector_is(world: World) -> None:
    """A connector without a session finds out right before its bytes leave, too."""
    world.in_clinic()
    tried = []

    class Scribbler(OnShelf):
        @hookimpl
        def list_employees(self, fields: Sequence[str]) -> Iterator[Employee]:  # type: ignore[override]
            tried.append("list")
            self.connection.before_write()
            tried.append("written")
            yield from ()

    with (
        on_shelf(world),
        installed(rosta=lambda connection: Scribbler(connection, world.rosta)),
        pytest.raises(ConnectorError, match="tried to write while only reading is allowed"),
    ):
        world.fetch()
    assert tried == ["list"]


def test_nothing_is_written_before_there_is_a_guard(world: World) -> None:
    """A connector opened for writing only reads, until a lease stands behind each request."""
    with on_shelf(world), world.runs() as runs:
        writer = runs._ground.systems.writer("rosta")
        with pytest.raises(ConnectorError, match="only reading is allowed"):
            writer.create_employee({"id_no": "1"})
        assert world.rosta.writes == []
        writer.connection.allow_writes(lambda: None)
        writer.create_employee({"id_no": "1"})
    assert len(world.rosta.writes) == 1


def test_nothing_is_written_once_the_lease_is_lost(world: World) -> None:
    """The last look stands before the hook, and the connector's own one before its bytes."""
    looks: list[str] = []
    with on_shelf(world):
        connection = Connection(
            name="rosta", connector="rosta", base_url="", token=Secret(None), options={"path": "a"}
        )
        connection.allow_writes(lambda: looks.append("guard"))
        writer = Writer(connection)
        writer.create_employee({"id_no": "1"})

        def gone() -> None:
            raise BusyError("Another process has taken over.")

        connection.allow_writes(gone)
        for write in (
            lambda: writer.create_employee({"id_no": "2"}),
            lambda: writer.update_employee(Employee(id="id-1", values={}), {"family": "b"}),
            connection.before_write,
        ):
            with pytest.raises(BusyError):
                write()
    assert looks == ["guard"]
    assert [kind for kind, _id, _values in world.rosta.writes] == ["create"]
