"""What is one account: the lease is on it, whatever somebody calls the connection."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from renkei.errors import BusyError
from renkei.model import Selection, Status

if TYPE_CHECKING:
    from tests.engine.world import World


USE = "  - {{use: ./pair.yaml, sides: {{clinic: clinic, rosta: {name}}}}}\n"


def also(world: World, name: str, *changes: tuple[str, str]) -> None:
    """Give the rosta a second connection of this name, changed a little; declare both pairs."""
    file = world.folder / "renkei.yaml"
    connections, more = file.read_text().split("mappings:\n  - {use: ./pair.yaml}\n")
    other = connections[connections.index("  rosta:") :].replace("  rosta:", f"  {name}:")
    for old, new in changes:
        assert old in other
        other = other.replace(old, new)
    uses = [USE.format(name=each) for each in ("rosta", name)][: 1 if changes else 2]
    file.write_text(f"{connections}{other}mappings:\n{''.join(uses)}{more}")


def accounts(world: World, *names: str) -> list[str]:
    """Return what tells the accounts of some connections from others."""
    world.fetch()
    with world.runs() as runs:
        return [
            runs._store.account(runs._ground.systems.reader(name).connection.identity)
            for name in names
        ]


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ((), True),
        ((("http://127", "HTTP://127"),), True),
        ((("env:RENKEI_TEST_TOKEN", "env:OTHER_TOKEN"),), False),
        ((("127.0.0.1:1", "127.0.0.1:2"),), False),
        ((("127.0.0.1:1", "127.0.0.1:1/api"),), False),
        ((("connector: rosta", "connector: clinic"),), False),
    ],
    ids=["name", "case", "token", "port", "path", "connector"],
)
def test_an_account_is_connector_address_and_token(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    changes: tuple[tuple[str, str], ...],
    same: bool,
) -> None:
    """All customers of a system share its address; one customer may have two names for it."""
    monkeypatch.setenv("OTHER_TOKEN", "0ther")
    also(world, "other", *changes)
    first, second, third = accounts(world, "rosta", "other", "clinic")
    assert (first == second) is same
    assert third != first


@pytest.mark.sqlite
def test_the_account_of_a_store_is_not_that_of_another(world: World) -> None:
    """It is a digest with a key of the store: nobody can try tokens on it elsewhere."""
    world.fetch()
    [first] = accounts(world, "rosta")
    (world.folder / "reports.db").unlink()
    [second] = accounts(world, "rosta")
    assert first != second
    assert "t0ken" not in first


def test_two_names_of_one_account_write_one_after_the_other(world: World) -> None:
    """A run to the other name finds the system busy while this one writes."""
    also(world, "other")
    world.in_clinic("001")
    made = []
    for target in ("rosta", "other"):
        with world.runs() as runs:
            run = runs.fetch("clinic", target)
            runs.choose(run.id, Selection(numbers=("001",), new={"ward": "W1"}))
        made.append(run)
    with world.runs() as runs:
        held = runs._store.begin_sync(
            made[0].id, dt.datetime.now(dt.UTC), "t", account=world.account()
        )
        with pytest.raises(BusyError):
            runs.sync(made[1].id)
        assert world.rosta.writes == []
        runs._store.end_sync(held, Status.PAUSED, dt.datetime.now(dt.UTC))
    assert world.resume(made[1]).status is Status.DONE
    assert world.resume(made[0]).status is Status.DONE
    assert len(world.rosta.writes) == 1
