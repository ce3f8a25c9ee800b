"""When two systems agree although their values differ: tables, transforms, lists, stand-ins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.world import CLINIC, MAPPING, ROSTA, spec, who
from tests.sampling import examples, sampled

from renkei.connector import hookimpl
from renkei.errors import AccessError, ConnectorError, UsageError
from renkei.identity.roster import Roster
from renkei.mapping.transforms import of_text
from renkei.model import Difference, Item, Outcome, Remark, Run, Wish
from renkei.people import Employee, FieldSpec, Label, NewField, Value
from renkei.plan.glance import Glance
from renkei.plugins import finding
from renkei.testing import MemoryConnector, installed
from renkei.words.i18n import speaking
from renkei.words.sentences import reason_text

if TYPE_CHECKING:
    from tests.engine.world import World

    from renkei.testing import MemorySystem

TABLES = """\
  - {pair: [post, group], only: rosta, values: {p100: A, p101: A, p200: B}}
  - {pair: [post, group], only: clinic, values: {p100: A, p200: B}}
  - {pair: [memo, tag], to: {rosta: {transform: small, empty: clear}}}
settings:
  nicknames: {default: true, label: {ja: 愛称, en: Nicknames}}
substitute:
  clinic:
    - {when: nicknames, if_filled: nickname, surname: nickname}
"""


def small(register: Callable[..., None]) -> None:
    """Add a transform that makes one text of several; what an extension's entry point names."""
    register(of_text("small", str.lower, Label("小文字にする", "To lower case")))


class Here(EntryPoint):
    """An entry point whose object is in this file."""

    def load(self) -> object:
        return small


def addressed(specs: tuple[FieldSpec, ...], *more: FieldSpec) -> tuple[FieldSpec, ...]:
    """Return *specs* with what is called a mail as an e-mail address, and *more*."""
    return (
        *(evolve(s, role="email") if s.name in ("mail", "email") else s for s in specs),
        *more,
    )


@pytest.fixture
def rich(world: World, declare: Callable[..., None]) -> World:
    """Return both systems with fields whose values are not one-to-one."""
    declare(Here("small", "small", finding.EXTENSIONS))
    world.clinic.specs = addressed(CLINIC, spec("post"), spec("memo"), spec("nickname"))
    world.rosta.specs = addressed(ROSTA, spec("group"), spec("tag"))
    mail = "{pair: [mail, email], to: {rosta: {empty: clear}}}"
    text = MAPPING.replace("{pair: [mail, email]}", mail) + TABLES
    (world.folder / "pair.yaml").write_text(text)
    return world


def both(world: World, ours: dict[str, Value], theirs: dict[str, Value]) -> None:
    """Put one employee into both systems; what is special is given."""
    plain: dict[str, Value] = {"post": None, "memo": None, "nickname": None}
    world.in_clinic("0417", **{**plain, **ours})
    world.in_rosta("0417", **{"group": None, "tag": None, **theirs})


def listed(system: MemorySystem, name: str, *others: str) -> None:
    """Give everybody of *system* further values of a field."""
    for person, held in system.people.items():
        system.people[person] = evolve(held, others={name: others})


def planned(world: World, source: str, target: str) -> Item:
    """Return the one employee of a plan."""
    return world.item(world.fetch(source, target))


def changed(item: Item) -> dict[str, Value]:
    """Return what a sync of *item* writes."""
    return {change.field: change.after for change in item.changes}


def codes(remarks: tuple[Remark, ...]) -> list[str]:
    """Return the codes of reasons or notes."""
    return [remark.code for remark in remarks]


TO_ROSTA, TO_CLINIC = ("clinic", "rosta"), ("rosta", "clinic")

# --- a way back that is not exact ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "written"),
    [
        ({"post": "p101"}, {"group": "A"}, {}),
        ({"post": "p100"}, {"group": "A"}, {}),
        ({"post": "p200"}, {"group": "A"}, {"post": "p100"}),
        ({"post": "p101"}, {"group": "B"}, {"post": "p200"}),
        ({"post": "gone"}, {"group": "A"}, {"post": "p100"}),
        ({"post": None}, {"group": "A"}, {"post": "p100"}),
        ({"memo": "Ask HR"}, {"tag": "ask hr"}, {}),
        ({"memo": "Ask HR"}, {"tag": "ask it"}, {"memo": "ask it"}),
        ({"memo": "x"}, {"tag": "X"}, {"memo": "X"}),
        ({"surname": "山田", "nickname": "ヤマ"}, {"family": "ヤマ"}, {}),
        ({"surname": "山田", "nickname": "ヤマ"}, {"family": "山田"}, {}),
        ({"surname": "山田", "nickname": None}, {"family": "ヤマ"}, {"surname": "ヤマ"}),
    ],
)
def test_the_way_back_rewrites_nothing_that_agrees(
    rich: World, ours: dict[str, Value], theirs: dict[str, Value], written: dict[str, Value]
) -> None:
    """Where the target's own value, translated, is the source's value there is no difference."""
    both(rich, ours, theirs)
    assert changed(planned(rich, *TO_CLINIC)) == written


def test_a_change_still_goes_out(rich: World) -> None:
    """A stand-in that is new to the target is a difference, whatever the plain field says."""
    both(rich, {"surname": "山田", "nickname": "ヤマ"}, {"family": "山田"})
    assert changed(planned(rich, *TO_ROSTA)) == {"family": "ヤマ"}


def test_an_unknown_stand_in_proves_nothing(rich: World) -> None:
    """What the target does not show cannot be translated, so the plain values are compared."""
    both(rich, {"surname": "山田", "nickname": "ヤマ"}, {"family": "ヤマ"})
    (person,) = rich.clinic.people.values()
    known = {name: value for name, value in person.values.items() if name != "nickname"}
    rich.clinic.people[person.id] = evolve(person, values=known)
    assert changed(planned(rich, *TO_CLINIC)) == {"surname": "ヤマ"}


def test_what_has_no_counterpart_blocks_only_if_it_has_to_be_written(rich: World) -> None:
    """A group that no table leads back from is fine where the post leads to it already."""
    text = (rich.folder / "pair.yaml").read_text()
    (rich.folder / "pair.yaml").write_text(text.replace("{p100: A, p200: B}", "{p200: B}"))
    both(rich, {"post": "p101"}, {"group": "A"})
    item = planned(rich, *TO_CLINIC)
    assert (item.difference, item.reasons) == (Difference.SAME, ())
    rich.clinic.edit(next(iter(rich.clinic.people)), post="p200")
    item = planned(rich, *TO_CLINIC)
    assert item.reasons == (Remark("not_in_table", ("group", "A")),)


def test_explain_tells_the_same_as_the_plan(rich: World) -> None:
    """The verdict of each field is the one that the plan was made of."""
    both(
        rich,
        {"post": "p101", "memo": "Ask", "surname": "山田", "nickname": "ヤマ", "mail": "a@x.jp"},
        {"group": "A", "tag": "ask", "family": "ヤマ", "email": "b@x.jp"},
    )
    listed(rich.rosta, "email", "A@X.jp")
    run = rich.fetch(*TO_CLINIC)
    assert rich.item(run).difference is Difference.SAME
    with rich.runs() as runs:
        _item, steps = runs.explain(run.id, "0417")
    told = {step.target_field: step.verdict for step in steps}
    assert {told[name] for name in ("post", "memo", "surname", "mail")} == {"same"}


def test_values_that_are_unknown_are_told_as_that(rich: World) -> None:
    """An unknown value is None in an explanation, an empty one an empty text."""
    both(rich, {"post": None}, {"group": "A"})
    (person,) = rich.rosta.people.values()
    known = {name: value for name, value in person.values.items() if name != "tag"}
    rich.rosta.people[person.id] = evolve(person, values=known)
    run = rich.fetch(*TO_ROSTA)
    with rich.runs() as runs:
        steps = {step.target_field: step for step in runs.explain(run.id, "0417")[1]}
    assert (steps["tag"].compared_with, steps["tag"].verdict) == (None, "unknown_in_target")
    assert (steps["group"].read, steps["group"].compared_with) == ("", "A")


# --- fields that hold several values ------------------------------------------------------------


@pytest.mark.parametrize("direction", [TO_ROSTA, TO_CLINIC])
@pytest.mark.parametrize("address", ["a@x.jp", "b@x.jp", "B@X.jp", "C@x.JP ", "c@x.jp"])
def test_an_address_anywhere_in_the_list_is_no_difference(
    rich: World, direction: tuple[str, str], address: str
) -> None:
    """In either direction, capitals aside."""
    both(rich, {"mail": address}, {"email": "A@x.jp"})
    listed(rich.rosta, "email", "b@x.jp", "c@x.jp")
    item = planned(rich, *direction)
    assert (item.difference, item.notes) == (Difference.SAME, ())


@pytest.mark.parametrize("role", ["clinic", "rosta"])
def test_one_side_that_knows_an_address_is_enough(rich: World, role: str) -> None:
    """A connector of an older renkei that names no role still gets its addresses compared so."""
    plain = {"clinic": CLINIC, "rosta": ROSTA}
    for name, system in (("clinic", rich.clinic), ("rosta", rich.rosta)):
        if name != role:
            added = tuple(s for s in system.specs if s.name not in {p.name for p in plain[name]})
            system.specs = (*plain[name], *added)
    both(rich, {"mail": "A@x.jp"}, {"email": "a@X.jp"})
    assert planned(rich, *TO_ROSTA).difference is Difference.SAME
    assert planned(rich, *TO_CLINIC).difference is Difference.SAME


def test_another_address_replaces_the_first_and_the_plan_says_so(rich: World) -> None:
    """The change is about the first one, and a note says that the others stay."""
    both(rich, {"mail": "n@x.jp"}, {"email": "a@x.jp"})
    listed(rich.rosta, "email", "b@x.jp")
    item = planned(rich, *TO_ROSTA)
    assert [(c.field, c.before, c.after) for c in item.changes] == [("email", "a@x.jp", "n@x.jp")]
    assert item.notes == (Remark("others_stay", ("email",)),)
    with speaking("en"):
        told = reason_text(item.notes[0])
    assert "stay" in told
    assert "x.jp" not in told


def test_towards_the_other_side_the_first_address_is_sent(rich: World) -> None:
    """The note names the field of the source of which only the first value is used."""
    both(rich, {"mail": "n@x.jp"}, {"email": "a@x.jp"})
    listed(rich.rosta, "email", "b@x.jp")
    item = planned(rich, *TO_CLINIC)
    assert changed(item) == {"mail": "a@x.jp"}
    assert item.notes == (Remark("first_of_several", ("email",)),)


def test_an_empty_address_empties_no_list(rich: World) -> None:
    """Nobody can tell which one was meant; one address alone is emptied as the mapping says."""
    both(rich, {"mail": None}, {"email": "a@x.jp"})
    assert changed(planned(rich, *TO_ROSTA)) == {"email": None}
    listed(rich.rosta, "email", "b@x.jp")
    item = planned(rich, *TO_ROSTA)
    assert item.difference is Difference.SAME
    assert item.notes == (Remark("not_emptied", ("email",)),)


def test_a_roster_keeps_the_others() -> None:
    """Packed and unpacked, further values of every type are what they were."""
    day = dt.date(2020, 2, 29)
    specs = (spec("no", role="number"), spec("days", type="date"), spec("codes", type="integer"))
    held = Employee(
        id="1",
        values={"no": "7", "days": None, "codes": 0},
        others={"codes": (0, 5), "days": (day,)},
    )
    (back,) = Roster.of(specs, "no", [held])
    assert back == held


@pytest.mark.parametrize(
    "others",
    [
        None,
        {"email": "b@x.jp"},
        {"email": ["b@x.jp"]},
        {"email": (5,)},
        {"emial": ("b@x.jp",)},
        {"dob": ("2020-01-01",)},
    ],
)
def test_others_are_checked_like_values(world: World, others: object) -> None:
    """A connector that says it wrongly is named; nothing is compared."""
    world.in_clinic()
    person = world.in_rosta()
    held = world.rosta.people[person]
    world.rosta.people[person] = evolve(held, others=others)  # type: ignore[arg-type]
    with pytest.raises(ConnectorError, match="rosta"):
        world.fetch()


def test_others_that_say_nothing_are_left_out(world: World) -> None:
    """Blanks, what cannot be stored and what was not asked for are not kept."""
    person = world.in_rosta()
    further = {"email": ("", " ", "\ud800", "b@x.jp"), "ward": ("W1",)}
    world.rosta.people[person] = evolve(world.rosta.people[person], others=further)
    with world.runs() as runs:
        (found,) = runs._ground.systems.reader("rosta").list_employees(
            dt.date(2026, 11, 20), ("id_no", "email")
        )
    assert found.others == {"email": ("b@x.jp",)}


def test_an_address_that_nobody_may_see_stops_no_fetch(rich: World) -> None:
    """Its role decides nothing: who is listed and who is who is told without it."""
    both(rich, {}, {})
    for system, name in ((rich.clinic, "mail"), (rich.rosta, "email")):
        for person in list(system.people.values()):
            known = {key: value for key, value in person.values.items() if key != name}
            system.people[person.id] = evolve(person, values=known)
    run = rich.fetch()
    assert rich.item(run).difference is Difference.SAME
    assert [n.about for n in run.notices] == [("clinic", "mail"), ("rosta", "email")]


# --- what nothing fills -------------------------------------------------------------------------

PIN = spec("pin", required=True)


@pytest.mark.parametrize("offered", [False, True])
def test_who_is_new_is_blocked_by_what_nothing_fills(world: World, offered: bool) -> None:
    """Whether the connector says so beforehand or has to be asked; existing people are updated."""
    ward = evolve(ROSTA[-1], offered=offered)
    world.rosta.specs = (*ROSTA[:-1], ward, PIN)
    world.in_clinic("0417", mail="new@x.jp")
    world.in_rosta("0417")
    world.in_clinic("0418")
    run = world.fetch()
    blocked = world.item(run, "0418")
    assert (blocked.difference, blocked.changes) == (Difference.BLOCKED, ())
    assert blocked.reasons == (Remark("nothing_fills", ("pin",)),)
    with world.runs() as runs:
        assert [new.name for new in runs.new_fields(run.id)] == ["ward"]
    done = world.sync(run)
    assert done.status.value == "done"
    assert [kind for kind, _id, _values in world.rosta.writes] == ["update"]


def test_nobody_is_released_as_new_who_could_never_be_registered(world: World) -> None:
    """What nothing fills is missing for somebody whom a person registers as another one, too."""
    world.rosta.specs = (*ROSTA, PIN)
    world.in_clinic("0418")
    given, born = who("0418")
    world.in_rosta("1418", given=given, dob=born)
    run = world.fetch()
    assert codes(world.item(run, "0418").reasons) == ["same_person"]
    wish = Wish(number="0418", as_new=True, why="a namesake")
    with world.runs() as runs, pytest.raises(UsageError, match="pin"):
        runs.release(run.id, wish)
    assert world.rosta.writes == []


def test_nobody_is_asked_while_nobody_is_new(world: World) -> None:
    """The choices are no part of a fetch that does not need them, and never of one that knows."""
    asked = []

    class Asking(MemoryConnector):
        @hookimpl
        def new_employee_fields(self) -> tuple[NewField, ...]:
            asked.append(1)
            return world.rosta.choices

    world.in_clinic("0417")
    world.in_rosta("0417")
    with installed(
        clinic=lambda _: MemoryConnector(world.clinic), rosta=lambda _: Asking(world.rosta)
    ):
        world.fetch()
        assert not asked
        world.in_clinic("0418")
        world.rosta.specs = (*ROSTA[:-1], evolve(ROSTA[-1], offered=True))
        assert world.fetch().counts[Difference.NEW] == 1
        assert not asked
        world.rosta.specs = ROSTA
        assert world.fetch().counts[Difference.NEW] == 1
        assert len(asked) == 1


def test_choices_that_cannot_be_read_spoil_no_fetch(world: World) -> None:
    """Somebody who may be new after all is not blocked: the choice of new values asks again."""

    class Silent(MemoryConnector):
        @hookimpl
        def new_employee_fields(self) -> tuple[NewField, ...]:
            raise AccessError("rosta: no right to read the wards.")

    world.in_clinic("0418")
    with installed(
        clinic=lambda _: MemoryConnector(world.clinic), rosta=lambda _: Silent(world.rosta)
    ):
        assert world.fetch().counts[Difference.NEW] == 1


def test_a_connector_offers_what_it_says_it_offers(world: World) -> None:
    """A field marked as offered that has no choices is a fault of the connector, by name."""
    world.rosta.specs = (*ROSTA[:-1], evolve(ROSTA[-1], offered=True))
    world.rosta.choices = ()
    with world.runs() as runs, pytest.raises(ConnectorError, match="ward"):
        runs.choices("rosta")


# --- laws ---------------------------------------------------------------------------------------

DAYS = st.sampled_from([None, dt.date(2026, 12, 1), dt.date(2027, 1, 1)])
MAILS = st.sampled_from([None, "a@x.jp", "A@X.jp", "b@x.jp", "ｂ@x.jp", " c@x.jp", "　"])
KANA = st.sampled_from([None, "サクラ", "ｻｸﾗ", "さくら", "サクラ　コ", "さくら コ", ""])
NAMES = st.sampled_from(["佐倉", "佐倉　葵", "佐倉 葵", "髙﨑", "高崎"])
OURS = st.fixed_dictionaries(
    {"surname": NAMES, "first": NAMES},
    optional={
        "reading": KANA, "until": DAYS, "mail": MAILS,
        "post": st.sampled_from([None, "p100", "p101", "p200", "odd"]),
        "memo": st.sampled_from([None, "Ask", "ask", "ASK", " ", "no"]),
        "grade": st.sampled_from([None, "junior", "senior"]),
        "beds": st.sampled_from([None, 0, 7]),
    },
)  # fmt: skip
THEIRS = st.fixed_dictionaries(
    {"family": NAMES, "given": NAMES},
    optional={
        "kana": KANA, "end": DAYS, "email": MAILS,
        "group": st.sampled_from([None, "A", "B", "Z"]),
        "tag": st.sampled_from([None, "ask", "ASK", "no", ""]),
        "rank": st.sampled_from([None, "1", "2"]),
        "capacity": st.sampled_from([None, 0, 7]),
    },
)  # fmt: skip
CASES = st.lists(
    st.tuples(
        OURS,
        st.none() | THEIRS,
        st.lists(MAILS, max_size=2),
        st.sampled_from([None, "サクちゃん", "佐倉", ""]),
    ),
    min_size=1,
    max_size=8,
)
DIRECTIONS = st.sampled_from([TO_ROSTA, TO_CLINIC])
Case = tuple[dict[str, Value], dict[str, Value] | None, list[Value], str | None]
"""One employee on both sides, the further addresses there, and the nickname here."""

law = settings(
    max_examples=examples(6, 100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def fill(world: World, cases: list[Case], *, nicknames: bool = True) -> None:
    """Fill both systems anew; one employee of whom everything is known makes every role known."""
    for system in (world.clinic, world.rosta):
        system.people.clear()
        system.writes.clear()
    # Whose date of birth is their own, and the same, is taken for nobody else, whatever the name.
    for number, (ours, theirs, lists, nickname) in enumerate(cases):
        born = dt.date(1960, 1, 1) + dt.timedelta(days=400 * number)
        plain: dict[str, Value] = {"badge": f"{number:03}", "since": None, "born": born}
        stand_in = nickname if nicknames else None
        world.clinic.add(**{**plain, "gone": False, "nickname": stand_in, **ours})
        if theirs is not None:
            person = world.rosta.add(id_no=f"{number:03}", start=None, dob=born, **theirs)
            others = {"email": tuple(lists)} if "email" in theirs else {}
            world.rosta.people[person] = evolve(world.rosta.people[person], others=others)
    world.in_clinic("known", post="p100", memo="m", nickname=None)
    world.in_rosta("known", group="A", tag="m")


def synced(world: World, direction: tuple[str, str]) -> Run:
    """Fetch, and sync everything that is new or changed."""
    return world.sync(world.fetch(*direction))


def empty(value: Value) -> bool:
    """Tell whether a value says nothing."""
    return value is None or not str(value).strip()


@pytest.mark.timeout(300)
@sampled
@law
@given(cases=CASES, direction=DIRECTIONS)
def test_there_and_back_without_an_edit_changes_nothing(
    rich: World, cases: list[Case], direction: tuple[str, str]
) -> None:
    """After a sync the other direction writes only into fields that were empty, and so unsent."""
    # A stand-in that comes back is told by a notice: nothing can be written that makes both agree.
    fill(rich, cases, nicknames=direction == TO_ROSTA)
    done = rich.items(synced(rich, direction))
    passed = {item.number for item in done if item.difference is not Difference.BLOCKED}
    system = rich.clinic if direction == TO_ROSTA else rich.rosta
    there = {person.id: person.values for person in system.people.values()}
    for item in rich.items(rich.fetch(direction[1], direction[0])):
        before = there.get(item.target_id or "", {})
        rewritten = [c for c in item.changes if not empty(before.get(c.field))]
        assert rewritten == [] or item.number not in passed


@pytest.mark.timeout(300)
@sampled
@law
@given(cases=CASES, direction=DIRECTIONS)
def test_after_a_sync_nothing_is_left_here_either(
    rich: World, cases: list[Case], direction: tuple[str, str]
) -> None:
    """With tables, transforms, lists and stand-ins a second fetch finds nothing for them, too."""
    fill(rich, cases)
    done = rich.items(synced(rich, direction))
    assert not [i for i in done if i.outcome in (Outcome.FAILED, Outcome.UNKNOWN)]
    written = {i.number for i in done if i.outcome in (Outcome.CREATED, Outcome.UPDATED)}
    again = rich.items(rich.fetch(*direction))
    left = {i.number for i in again if i.difference in (Difference.NEW, Difference.CHANGED)}
    assert not written & left


@pytest.mark.timeout(300)
@law
@given(cases=CASES, direction=DIRECTIONS)
def test_a_glance_tells_the_same_here_too(
    rich: World, cases: list[Case], direction: tuple[str, str]
) -> None:
    """With tables, transforms, lists and stand-ins: see tests/engine/test_plain.py."""
    fill(rich, cases)
    found = rich.items(rich.fetch(*direction))
    with patch.object(Glance, "same", lambda *_: None):
        assert rich.items(rich.fetch(*direction)) == found
