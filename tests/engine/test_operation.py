"""Being operated with a store on a server: the same probes, figures and doctor."""

from __future__ import annotations

import datetime as dt
import typing
from collections.abc import Iterator

import attrs
import pytest
from tests.engine.world import World

from renkei.config import load, load_main
from renkei.config.records import OAuth2, _ByProtocol, _Limit
from renkei.config.retention import Age
from renkei.operation.bundle import KEYS, NUMBERS, REMOVED, SWITCHES, StandIns, redacted
from renkei.operation.doctor import Doctor
from renkei.operation.metrics import exposition, families, figures_of
from renkei.operation.ready import unready
from renkei.operation.signs import needing
from renkei.people import ClosedHours, RequestLimit
from renkei.schedule.rule import Days, Window
from renkei.store.figures import Counts, Figures
from renkei.store.schema import HEAD, standing
from renkei.yamlfile.converter import key_of
from renkei.yamlfile.source import Data

WRITTEN = (load._File, load._Several, OAuth2, _ByProtocol, _Limit)
"""What a configuration is read as, from the file down."""

NAME = "Invented Somebody"

TEXTS = (Age, ClosedHours, Days, RequestLimit, Window)
"""Records that are written as a text, or read by one of those."""


def records(hint: object) -> Iterator[type]:
    """Yield the records that a type is made of."""
    if isinstance(hint, type) and attrs.has(hint) and hint not in TEXTS:
        yield hint
    for each in typing.get_args(hint):
        yield from records(each)


def keys(roots: typing.Iterable[type]) -> dict[str, object]:
    """Return every key that can be written in these records and those below them, and its type."""
    known: set[type] = set()
    found: dict[str, object] = {}
    waiting = list(roots)
    while waiting:
        record = waiting.pop()
        if record in known:
            continue
        known.add(record)
        for field in attrs.fields(attrs.resolve_types(record)):
            found[key_of(field.name)] = field.type
            waiting += records(field.type)
    return found


def test_of_every_key_it_is_decided_what_support_sees() -> None:
    """A new one is a name that somebody has given until it stands in the list, with its value."""
    found = keys(WRITTEN)
    assert found.keys() == KEYS
    assert [name for name, hint in found.items() if hint is bool and name not in SWITCHES] == []
    assert [name for name, hint in found.items() if hint is int and name not in NUMBERS] == []


def test_a_word_of_a_closed_list_is_told() -> None:
    """Support sees which of the words there are is chosen, and no name in their place."""
    written: dict[str, Data] = {
        "rehire": "reuse",
        "without": ["hired"],
        "on": ["token"],
        "difference": ["new"],
    }
    assert redacted({**written, "language": NAME}, StandIns()) == {**written, "language": REMOVED}


def test_a_store_on_a_server_is_looked_at_like_a_file(world_on_server: World) -> None:
    """An empty database is no fault; then it is whole, its clock is ours, and runs are counted."""
    world = world_on_server
    for path in world.folder.iterdir():
        path.chmod(0o600)
    main = load_main(world.folder / "renkei.yaml")
    assert unready(main) is None
    world.in_clinic()
    world.sync(world.fetch())
    assert (unready(main), standing(world.at)) == (None, HEAD)
    signs = {(sign.subject, sign.code): sign for sign in Doctor(main).look()}
    assert needing([*signs.values()]) == []
    assert signs["store", "whole"].figures["writes"] == 1
    assert abs(signs["clock", "clock"].figures["seconds"]) < 5
    assert ("disk", "on_server") in signs
    text = exposition(figures_of(main), by_company=False).decode()
    assert "renkei_doubts 0.0" in text


def test_a_server_that_is_gone_is_not_ready(
    world_on_server: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is waited for, and nothing is made."""
    path = world_on_server.folder / "renkei.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("store:")]
    gone = "store: postgresql://nobody@127.0.0.1:1/none"
    path.write_text("\n".join([*kept, gone, ""]), encoding="utf-8")
    main = load_main(path)
    assert unready(main) == "store"
    problems = [sign for sign in Doctor(main).look() if sign.level == "problem"]
    assert [(sign.subject, sign.code) for sign in problems] == [("store", "store")]


def test_refusals_are_those_that_failed_and_those_that_go_again() -> None:
    """However a system has refused: the figure is of both, for one company and for all."""
    writes: Counts = {("acme", "create", "failed"): 3, ("acme", "create", "refused"): 2}
    found = Figures(at=dt.datetime.now(dt.UTC), writes=writes)
    for by_company, labels in ((False, {"kind": "create"}), (True, {"company": "acme"})):
        (refusals,) = (
            each
            for each in families(found, by_company=by_company)
            if each.name == "renkei_refusals"
        )
        (sample,) = refusals.samples
        assert (sample.value, sample.labels) == (5.0, {**sample.labels, **labels})
