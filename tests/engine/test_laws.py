"""The laws of a sync, on generated rosters, in both directions between two invented systems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from renkei.errors import WrongPairError
from renkei.model import HALTS, Difference, Item, Outcome, Run
from renkei.people import Value
from renkei.testing import MemorySystem
from renkei.text import near_key

if TYPE_CHECKING:
    from tests.sampling import examples, sampled
from tests.engine.world import World
from tests.sampling import examples, sampled

BASE = dt.date(2026, 11, 20)
DAYS = st.sampled_from([None, *(BASE + dt.timedelta(days=d) for d in (-4000, -400, -1, 0, 1, 300))])
NUMBERS = st.sampled_from(["1", "01", "１", "2", "A-3", "4", "5", "6", "7", "8", "9", None, " "])
NAMES = st.sampled_from(
    ["佐倉", "髙﨑", "𠮷野", "高崎", "葛󠄀城", "ｻｸﾗ", "サクラ", "さくら", " 佐倉", "O'Brien"]
)
KANA = st.sampled_from([None, "サクラ", "ｻｸﾗ", "さくら", "サクラ ", "タカサキ", "", "　"])
MAILS = st.sampled_from([None, "a@example.jp", "b@example.jp", "ａ@example.jp", ""])


def values(prefix: dict[str, st.SearchStrategy[Value]]) -> st.SearchStrategy[dict[str, Value]]:
    """Return one employee; every field but the number may also be unknown."""
    needed = {name: prefix[name] for name in list(prefix)[:3]}
    rest = {name: s for name, s in prefix.items() if name not in needed}
    return st.fixed_dictionaries(needed, optional=rest)


CLINIC = values(
    {
        "badge": NUMBERS, "surname": NAMES, "first": NAMES, "reading": KANA, "born": DAYS,
        "since": DAYS, "until": DAYS, "gone": st.booleans(), "mail": MAILS,
        "beds": st.sampled_from([None, 0, 1, 7]), "night": st.sampled_from([None, True, False]),
        "grade": st.sampled_from([None, "junior", "senior"]),
    }
)  # fmt: skip
ROSTA = values(
    {
        "id_no": NUMBERS, "family": NAMES, "given": NAMES, "kana": KANA, "dob": DAYS,
        "start": DAYS, "end": DAYS, "email": MAILS, "capacity": st.sampled_from([None, 0, 1, 7]),
        "nights": st.sampled_from([None, True, False]), "rank": st.sampled_from([None, "1", "2"]),
        "ward": st.sampled_from(["W1", "W9"]),
    }
)  # fmt: skip

ROSTERS = st.tuples(st.lists(CLINIC, max_size=8), st.lists(ROSTA, max_size=8))
DIRECTIONS = st.sampled_from([("clinic", "rosta"), ("rosta", "clinic")])
law = settings(
    max_examples=examples(8, 100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@contextmanager
def filled(
    world: World, rosters: tuple[list[dict[str, Value]], list[dict[str, Value]]]
) -> Iterator[tuple[MemorySystem, MemorySystem]]:
    """Fill both systems anew; one employee of whom everything is known makes every role known."""
    for system, people in zip((world.clinic, world.rosta), rosters, strict=True):
        system.people.clear()
        system.writes.clear()
        for person in people:
            system.add(**person)
    world.in_clinic("known")
    world.in_rosta("known")
    yield world.clinic, world.rosta


def fetched(world: World, direction: tuple[str, str]) -> Run:
    """Fetch; two lists that look like those of two companies are no case of a law."""
    try:
        return world.fetch(*direction, BASE)
    except WrongPairError:
        reject()


def synced(world: World, direction: tuple[str, str]) -> tuple[Run, list[Item]]:
    """
    Fetch, sync everything that is new or changed, and return the run with its items.

    A plan that waits for a person, as the numbers do not fit or have moved, is no case of a law.
    """
    run = fetched(world, direction)
    if any(notice.code in HALTS for notice in run.notices):
        reject()
    done = world.sync(run)
    return done, world.items(run)


def target_of(world: World, direction: tuple[str, str]) -> MemorySystem:
    """Return the system that is written to."""
    return world.rosta if direction[1] == "rosta" else world.clinic


@sampled
@law
@given(rosters=ROSTERS, direction=DIRECTIONS)
def test_after_a_sync_nothing_is_left(
    world: World, rosters: tuple[list[dict[str, Value]], ...], direction: tuple[str, str]
) -> None:
    """A second fetch finds nothing for those who were synced; a second sync sends nothing."""
    with filled(world, rosters):  # type: ignore[arg-type]
        run, items = synced(world, direction)
        system = target_of(world, direction)
        sent = list(system.writes)
        world.resume(run)
        assert system.writes == sent
        written = {i.number for i in items if i.outcome in (Outcome.CREATED, Outcome.UPDATED)}
        again = world.items(fetched(world, direction))
        left = {i.number for i in again if i.difference in (Difference.NEW, Difference.CHANGED)}
        assert not written & left


@sampled
@law
@given(rosters=ROSTERS, direction=DIRECTIONS)
def test_a_fetch_writes_nothing(
    world: World, rosters: tuple[list[dict[str, Value]], ...], direction: tuple[str, str]
) -> None:
    """Whatever the lists hold, a fetch leaves both systems as they are."""
    with filled(world, rosters) as systems:  # type: ignore[arg-type]
        before = [dict(system.people) for system in systems]
        fetched(world, direction)
        assert [dict(system.people) for system in systems] == before


@pytest.mark.fault("F42")
@sampled
@law
@given(rosters=ROSTERS, direction=DIRECTIONS)
def test_nobody_who_exists_is_created(
    world: World, rosters: tuple[list[dict[str, Value]], ...], direction: tuple[str, str]
) -> None:
    """No number is created that is on the target already, exactly or nearly, at whatever dates."""
    with filled(world, rosters):  # type: ignore[arg-type]
        system = target_of(world, direction)
        number = system.specs[0].name
        near = {near_key(str(p.values[number])) for p in system.people.values() if p.values[number]}
        synced(world, direction)
        created = [str(sent[number]) for kind, _id, sent in system.writes if kind == "create"]
        assert len(created) == len(set(created))
        assert not {near_key(text) for text in created} & near


@sampled
@law
@given(rosters=ROSTERS, direction=DIRECTIONS)
def test_an_update_never_touches_what_is_set_once(
    world: World, rosters: tuple[list[dict[str, Value]], ...], direction: tuple[str, str]
) -> None:
    """Create-only values of existing people are never part of an update."""
    with filled(world, rosters):  # type: ignore[arg-type]
        system = target_of(world, direction)
        fixed = {spec.name for spec in system.specs if spec.write != "always"}
        synced(world, direction)
        for kind, _id, sent in system.writes:
            assert kind == "create" or not fixed & sent.keys()


@sampled
@law
@given(rosters=ROSTERS)
def test_what_is_written_is_the_sources_text(
    world: World, rosters: tuple[list[dict[str, Value]], ...]
) -> None:
    """Every text that no transform or table touches arrives byte for byte as the source has it."""
    plain = {
        "id_no": "badge",
        "family": "surname",
        "given": "first",
        "kana": "reading",
        "email": "mail",
    }
    with filled(world, rosters):  # type: ignore[arg-type]
        synced(world, ("clinic", "rosta"))
        by_id = {p.id: p for p in world.rosta.people.values()}
        for _kind, person, sent in world.rosta.writes:
            (source,) = [
                p.values
                for p in world.clinic.find(str(by_id[person].values["id_no"]))
                if p.values.get("since") is None or p.values["since"] <= BASE  # type: ignore[operator]
                if p.values.get("until") is None or p.values["until"] > BASE  # type: ignore[operator]
            ]
            for name in plain.keys() & sent.keys():
                assert sent[name] == source[plain[name]]


@sampled
@law
@given(rosters=ROSTERS, direction=DIRECTIONS)
def test_what_is_unknown_is_never_written(
    world: World, rosters: tuple[list[dict[str, Value]], ...], direction: tuple[str, str]
) -> None:
    """A field the source did not show is not in any change; one the target did not show neither."""
    pairs = dict(zip(PAIRED_CLINIC, PAIRED_ROSTA, strict=True))
    if direction[0] == "rosta":
        pairs = {theirs: ours for ours, theirs in pairs.items()}
    with filled(world, rosters):  # type: ignore[arg-type]
        for item in world.items(fetched(world, direction)):
            known = {pairs[name] for name in item.read if name in pairs}
            assert {change.field for change in item.changes} <= known
            assert item.before is None or {c.field for c in item.changes} <= item.before.keys()


PAIRED_CLINIC = (
    "badge", "surname", "first", "reading", "born", "since", "until", "mail", "beds", "night",
    "grade",
)  # fmt: skip
PAIRED_ROSTA = (
    "id_no", "family", "given", "kana", "dob", "start", "end", "email", "capacity", "nights",
    "rank",
)  # fmt: skip

pytestmark = pytest.mark.timeout(300)
