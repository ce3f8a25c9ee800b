"""The maps of the house name every room, and none that is gone."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import renkei
import renkei_runner
import renkei_web
from renkei_runner.cli import COMMANDS

ROOT = Path(__file__).parents[2]
ENGINE, RUNNER, WEB = (
    Path(str(each.__file__)).parent for each in (renkei, renkei_runner, renkei_web)
)
MAP = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("### Our words")[0]
HOUSE = MAP.partition("| Of `")[0]
CONTRACT = "A face goes through renkei.runs"


def rooms(folder: Path) -> set[str]:
    """Return the modules and packages of code in a package."""
    found = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    return found | {path.parent.name for path in folder.glob("*/__init__.py")}


def rows(text: str) -> Iterator[tuple[list[str], set[str]]]:
    """Yield of each row of the tables the names in the first cell, and all other names."""
    for line in text.splitlines():
        if line.startswith("| `"):
            first, _, rest = line[2:].partition(" | ")
            yield re.findall(r"`([a-z_0-9]+)/?`", first), set(re.findall(r"`([a-z_0-9]+)`", rest))


def test_the_map_has_every_room_of_the_engine() -> None:
    """And each module of a room stands in its row."""
    told = dict.fromkeys(rooms(ENGINE), frozenset[str]())
    named = {name: names for first, names in rows(HOUSE) for name in first}
    assert sorted(told.keys() - named.keys()) == []
    missing = {
        room: sorted(rooms(ENGINE / room) - named[room])
        for room in told
        if (ENGINE / room).is_dir() and rooms(ENGINE / room) - named[room]
    }
    assert missing == {}


@pytest.mark.parametrize(
    ("folder", "title"), [(RUNNER, "Of `renkei_runner`"), (WEB, "Of `renkei_web`")]
)
def test_the_map_has_every_module_of_a_face(folder: Path, title: str) -> None:
    """Commands stand in their own table; every other module is named, and none that is gone."""
    part = MAP.partition(title)[2].partition("\n\n")[0]
    named = {name for first, _ in rows(part) for name in first}
    commands = {place.partition(":")[0].rpartition(".")[2] for place, _ in COMMANDS.values()}
    assert sorted(rooms(folder) - named - (commands if folder is RUNNER else set())) == []
    assert sorted(named - rooms(folder)) == []
    if folder is WEB:
        views = next(names for first, names in rows(part) if first == ["views"])
        assert views == rooms(WEB / "views")


def test_the_index_has_every_room_of_the_engine() -> None:
    """The first page of the package tells what there is."""
    words = set(re.findall(r"[a-z_]+", str(renkei.__doc__)))
    assert sorted(rooms(ENGINE) - words) == []


def test_of_every_room_it_is_said_whether_a_face_may_enter() -> None:
    """It is closed by the contract, or stands among those that are open, with the reason."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    (contract,) = (each for each in contracts if each["name"].startswith(CONTRACT))
    closed = {each.split(".")[1] for each in contract["protected_modules"]}
    reasons = text.partition(CONTRACT)[2].partition("type =")[0]
    assert sorted(rooms(ENGINE) - closed - set(re.findall(r"[a-z_]+", reasons))) == []
