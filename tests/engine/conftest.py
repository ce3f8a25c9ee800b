"""Two invented systems, a mapping between them, and renkei on a store of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.engine.world import CLINIC, ROSTA, WARDS, World
from tests.postgres import Database
from tests.waiting import Waiting

from renkei.http.connection import Connection
from renkei.people import Label, NewField
from renkei.plugins import finding
from renkei.testing import MemoryConnector, MemorySystem, installed


@pytest.fixture
def its_folder() -> Iterator[Path]:
    """Return a folder of the world's own, beside that of the test."""
    with TemporaryDirectory(prefix="renkei-world-") as folder:
        yield Path(folder)


@pytest.fixture
def world(
    its_folder: Path, monkeypatch: pytest.MonkeyPatch, waiting: Waiting, database: Database | None
) -> Iterator[World]:
    """Return two empty systems that are installed as connectors."""
    with a_world(its_folder, monkeypatch, waiting, database) as world:
        yield world


@pytest.fixture
def world_on_server(
    its_folder: Path, monkeypatch: pytest.MonkeyPatch, waiting: Waiting, postgres: Database
) -> Iterator[World]:
    """Return the same with its store on a server."""
    with a_world(its_folder, monkeypatch, waiting, postgres) as world:
        yield world


@contextmanager
def a_world(
    folder: Path, monkeypatch: pytest.MonkeyPatch, waiting: Waiting, database: Database | None
) -> Iterator[World]:
    """Install two empty systems as connectors, with their files in *folder*."""
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "t0ken")
    monkeypatch.setenv("RENKEI_NOW", "2026-11-20T12:00:00+09:00")
    wards = NewField("ward", Label(ja="病棟", en="Ward"), WARDS)
    world = World(MemorySystem(CLINIC), MemorySystem(ROSTA, choices=(wards,)), folder, waiting)
    world.database = database
    if database is not None:
        store = f'store: "{database.address}"'
        world.files["renkei.yaml"] = world.files["renkei.yaml"].replace("store: reports.db", store)
    for name, text in world.files.items():
        (folder / name).write_text(text)
    factories: dict[str, Callable[[Connection], object]] = {
        "clinic": lambda _connection: MemoryConnector(world.clinic),
        "rosta": lambda _connection: MemoryConnector(world.rosta),
    }
    with installed(**factories):
        yield world


@pytest.fixture
def careful(world: World) -> World:
    """The two systems with the limits that renkei has by itself."""
    file = world.folder / "renkei.yaml"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "safety" not in line))
    return world


@pytest.fixture
def declare(world: World) -> Iterator[Callable[..., None]]:
    """
    Return a function that declares entry points beside those of the fixture `world`.

    The patch is its own: the fixture `monkeypatch` is undone after `world`, and would put back what
    `world` had put there.
    """
    with pytest.MonkeyPatch.context() as patch:

        def add(*entries: EntryPoint) -> None:
            real = finding.found

            def found(group: str) -> tuple[EntryPoint, ...]:
                return (*real(group), *(each for each in entries if each.group == group))

            patch.setattr(finding, "found", found)

        yield add
