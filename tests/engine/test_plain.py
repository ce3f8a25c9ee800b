"""Most people are the same: what is known of them at a glance is what a long look would tell."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from unittest.mock import patch

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.rows import items_of
from tests.engine.test_compare import BASE, compare, lists
from tests.engine.world import PERSON, TWIN, World
from tests.sampling import examples

from renkei.model import Difference, Item
from renkei.people import Value
from renkei.plan.compare import Comparison
from renkei.plan.glance import Glance
from renkei.store.codec import Fields
from renkei.store.store import Store

LATER = BASE + dt.timedelta(days=30)
OTHERWISE: dict[str, list[Value]] = {
    "badge": ["417", "0418", None],
    "surname": ["佐倉 ", "ｻｸﾗ", "髙橋", None, "　", "-"],
    "first": ["みなと", "ミナト", "", "-"],
    "reading": ["さくら", "ｻｸﾗ", None, " "],
    "born": [dt.date(1990, 4, 2), dt.date(1900, 1, 1), None],
    "since": [dt.date(2020, 4, 2), LATER, None],
    "until": [BASE, LATER, None],
    "gone": [True, None],
    "mail": ["SAKURA@example.jp", "b@example.jp", None],
    "beds": [3, 0, None],
    "night": [True, False, None],
    "grade": ["junior", "other", None],
    "id_no": ["0417", "417", None],
    "family": ["佐倉", "佐倉\u3000", "高橋", None, "-"],
    "given": ["湊", None, "-"],
    "kana": ["さくら", "サクラ", None],
    "dob": [dt.date(1991, 4, 1), None],
    "start": [LATER, None],
    "end": [BASE, LATER, None],
    "email": ["sakura@example.jp ", "c@example.jp", None],
    "capacity": [3, 4, None],
    "nights": [True, None],
    "rank": ["1", "2", None],
    "ward": ["W1"],
}
"""Values beside those that make a pair the same."""


def person(usual: dict[str, Value]) -> st.SearchStrategy[dict[str, Value]]:
    """Return the values of somebody: as usual, but for some that are others, or unknown."""
    others = st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(OTHERWISE[name]) for name in usual}
    )
    some = st.dictionaries(st.sampled_from(sorted(usual)), st.just(None), max_size=2)
    unknown = st.sets(st.sampled_from(sorted(usual)[1:]), max_size=1)

    def made(parts: tuple[dict[str, Value], dict[str, None], set[str]]) -> dict[str, Value]:
        chosen, picked, gone = parts
        changed = {name: value for name, value in chosen.items() if name in picked}
        return {name: v for name, v in {**usual, **changed}.items() if name not in gone}

    return st.tuples(others, some, unknown).map(made)


SAME_FIELDS = {
    "badge": "id_no", "surname": "family", "first": "given", "reading": "kana", "born": "dob",
    "since": "start", "until": "end", "mail": "email", "beds": "capacity", "night": "nights",
}  # fmt: skip
"""Fields of both sides that may say the same, however odd."""


PAIRS = st.lists(st.tuples(person(PERSON), person(TWIN)), min_size=1, max_size=3)


def at_length(world: World, *, back: bool) -> list[Item]:
    """Return the plan without a glance at anybody."""
    with patch.object(Glance, "same", lambda *_: None):
        return compare(world, back=back)


@settings(
    max_examples=examples(50, 2000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pairs=PAIRS, back=st.booleans())
def test_a_glance_tells_what_a_long_look_tells(
    world: World, pairs: list[tuple[dict[str, Value], dict[str, Value]]], back: bool
) -> None:
    """The same item in every part, in both directions, whoever is beside them."""
    world.clinic.people.clear()
    world.rosta.people.clear()
    for place, (ours, theirs) in enumerate(pairs):
        number = f"04{place}7" if place else "0417"
        world.clinic.add(**{**ours, **({"badge": number} if ours.get("badge") == "0417" else {})})
        world.rosta.add(
            **{**theirs, **({"id_no": number} if theirs.get("id_no") == "0417" else {})}
        )
    assert compare(world, back=back) == at_length(world, back=back)


def test_a_glance_tells_as_much_of_whoever_says_something_odd(world: World) -> None:
    """A blank name, a day of joining to come, on one side or both: who is alike may need a look."""
    for name, twin in SAME_FIELDS.items():
        for value in OTHERWISE[name]:
            for theirs in (TWIN, {**TWIN, twin: value}):
                world.clinic.people.clear()
                world.rosta.people.clear()
                world.clinic.add(**{**PERSON, name: value})
                world.rosta.add(**theirs)
                for back in (False, True):
                    assert compare(world, back=back) == at_length(world, back=back), (name, value)


def test_a_glance_is_enough_for_whoever_is_the_same(world: World) -> None:
    """Also where a table or a transform stands between the two, and where nothing is kept."""
    world.in_clinic()
    world.in_rosta()
    with patch.object(Comparison, "changes", side_effect=AssertionError):
        for back in (False, True):
            assert [item.difference for item in compare(world, back=back)] == [Difference.SAME]
        world.in_clinic("1", mail=None, beds=None)
        world.in_rosta("1", capacity=7)
        assert [item.difference for item in compare(world)] == [Difference.SAME] * 2


@pytest.mark.sqlite
def test_whoever_is_the_same_is_stored_whole(world: World) -> None:
    """As the values alone; what comes back is what went in."""
    world.in_clinic()
    world.in_rosta()
    world.in_clinic("1", mail=None)
    world.in_rosta("1", email="b@example.jp")
    listing = lists(world)
    items = list(items_of(listing))
    with world.runs() as runs:
        run = runs.fetch("clinic", "rosta", BASE)
    with closing(Store(str(world.folder / "reports.db"))) as store:
        kept = [evolve(item, position=0) for item in store.items(run.id)]
        assert kept == [evolve(item, position=0) for item in items]
        with store._reading() as connection:
            texts = connection.exec_driver_sql("select payload from items").scalars().all()
    assert all("surname" not in text for text in texts)
    assert Fields(*listing.comparison.fields).before
