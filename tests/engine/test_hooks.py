"""What a connector may leave out, and what it may ask for: since renkei 0.2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from tests.engine.world import ROSTA, World, spec

from renkei.connector import Choice, Connection, FieldSpec, hookimpl
from renkei.errors import ConfigurationError, UsageError
from renkei.hookspecs import REQUIRED
from renkei.model import Difference
from renkei.plugins import offline
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
