"""Who is listed, who is who, what differs and what blocks: each rule by itself."""

from __future__ import annotations

import datetime as dt

import pytest
from attrs import evolve
from tests.engine.rows import items_of
from tests.engine.world import World

from renkei.errors import AccessError
from renkei.identity.roster import Roster
from renkei.model import Difference, Item, Remark, Wish
from renkei.people import Label, Value
from renkei.plan.listing import Listing
from renkei.testing import MemorySystem
from renkei.words.i18n import speaking
from renkei.words.labels import value_text

BASE = dt.date(2026, 11, 20)
DAY = dt.timedelta(days=1)
BEFORE, AFTER = BASE - DAY, BASE + DAY
LATER = BASE + 30 * DAY
OLD, YOUNG = dt.date(1960, 1, 1), dt.date(2000, 2, 29)


def lists(world: World, base: dt.date = BASE, *, back: bool = False) -> Listing:
    """Return both systems as they are now, compared without a store."""
    names = ("rosta", "clinic") if back else ("clinic", "rosta")
    systems = (world.rosta, world.clinic) if back else (world.clinic, world.rosta)
    with world.runs() as runs:
        pairing = runs._ground.pairings.between(*names)
    comparison = pairing.comparison(systems[0].specs, systems[1].specs, base)
    source, target = (
        Roster.of(system.specs, number, system.people.values())
        for system, number in zip(systems, pairing.translation.number_fields, strict=True)
    )
    return Listing(comparison, source, target)


def compare(world: World, base: dt.date = BASE, *, back: bool = False) -> list[Item]:
    """Return the plan between the two systems as they are now."""
    return list(items_of(lists(world, base, back=back)))


def only(world: World, *, back: bool = False) -> Item:
    """Return the one employee of the plan."""
    (item,) = compare(world, back=back)
    return item


EARLIEST = dt.date(2023, 11, 20)
"""The first base date that can be chosen."""


def left_behind(world: World, base: dt.date = BASE) -> Remark | None:
    """Return the notice about those who left on or before the base date."""
    listing = lists(world, base)
    list(items_of(listing))
    found = listing.left_behind(EARLIEST)
    assert len(found) < 2
    return found[0] if found else None


def forget(system: MemorySystem, person: str, *names: str) -> None:
    """Make fields of somebody unknown."""
    held = system.people[person]
    rest = {name: value for name, value in held.values.items() if name not in names}
    system.people[person] = evolve(held, values=rest)


def garble(system: MemorySystem, person: str, *names: str) -> None:
    """Make fields of somebody unreadable."""
    forget(system, person, *names)
    system.people[person] = evolve(system.people[person], unreadable=names)


def codes(remarks: tuple[Remark, ...]) -> list[str]:
    """Return the codes of some reasons or notes."""
    return [remark.code for remark in remarks]


def changed(item: Item) -> dict[str, Value]:
    """Return what a sync of *item* writes."""
    return {change.field: change.after for change in item.changes}


# --- who is listed ------------------------------------------------------------------------------

ROLL = [
    # hired, left, listed
    (None, None, True), (None, BEFORE, False), (None, BASE, False), (None, AFTER, True),
    (BEFORE, None, True), (BEFORE, BEFORE, False), (BEFORE, BASE, False), (BEFORE, AFTER, True),
    (BASE, None, True), (BASE, BEFORE, False), (BASE, BASE, False), (BASE, AFTER, True),
    (AFTER, None, False), (AFTER, BEFORE, False), (AFTER, BASE, False), (AFTER, AFTER, False),
]  # fmt: skip


@pytest.mark.parametrize(("hired", "left", "listed"), ROLL)
def test_listed_are_those_employed_on_the_base_date(
    world: World, hired: dt.date | None, left: dt.date | None, listed: bool
) -> None:
    """Hired on the base date is in; leaving on it is out; no date is no limit."""
    world.in_clinic(since=hired, until=left)
    assert len(compare(world)) == listed


@pytest.mark.parametrize(("hired", "left", "listed"), ROLL)
def test_the_base_date_rule_holds_in_the_other_direction(
    world: World, hired: dt.date | None, left: dt.date | None, listed: bool
) -> None:
    """The rule filters the source, whichever system that is."""
    world.in_rosta(start=hired, end=left)
    assert len(compare(world, back=True)) == listed


def test_unknown_dates_are_no_limit(world: World) -> None:
    """Somebody whose dates are unknown is listed: nothing says that they are not employed."""
    forget(world.clinic, world.in_clinic(), "since", "until")
    assert only(world).difference is Difference.NEW


@pytest.mark.parametrize(("hired", "left", "_listed"), ROLL)
def test_the_target_is_looked_at_whole(
    world: World, hired: dt.date | None, left: dt.date | None, _listed: bool
) -> None:
    """Resigned and future people of the target are found, never taken for new ones."""
    world.in_clinic()
    world.in_rosta(start=hired, end=left)
    assert only(world).difference in (Difference.SAME, Difference.CHANGED)


@pytest.mark.parametrize("base", [dt.date(2024, 2, 29), dt.date.min, dt.date.max])
def test_odd_base_dates_and_odd_dates_go_together(world: World, base: dt.date) -> None:
    """The first and the last day there is, on both sides, compare like any other."""
    for number, day in (("1", dt.date.min), ("2", dt.date.max), ("3", dt.date(2024, 2, 29))):
        world.in_clinic(number, since=day, until=dt.date.max)
        world.in_rosta(number, start=day, end=dt.date.max)
    items = compare(world, base)
    assert {item.difference for item in items} <= {Difference.SAME}
    assert len(items) == sum(d <= base < dt.date.max for d in (dt.date.min, dt.date(2024, 2, 29)))


# --- empty and unknown --------------------------------------------------------------------------

UNKNOWN = "unknown"  # stands for a field that is absent
TEXTS = {"unknown": UNKNOWN, "empty": None, "blank": "　 ", "a": "a@x.jp", "b": "b@x.jp"}
KEEP = """
source  target  written
unknown unknown -
unknown empty   -
unknown a       -
empty   unknown -
empty   empty   -
empty   a       -
blank   empty   -
blank   a       -
a       unknown -
a       empty   a
a       blank   a
a       a       -
a       b       a
"""
DAYS = {"unknown": UNKNOWN, "empty": None, "a": AFTER, "b": LATER, "past": BEFORE}
CLEAR = """
source  target  written
unknown unknown -
unknown empty   -
unknown a       -
empty   unknown -
empty   empty   -
empty   a       empty
empty   past    empty
a       unknown -
a       empty   a
a       a       -
a       b       a
"""


def table(text: str) -> list[list[str]]:
    """Return the rows of a little table."""
    return [line.split() for line in text.strip().splitlines()[1:]]


@pytest.mark.parametrize(("source", "target", "written"), table(KEEP))
def test_keep_writes_what_is_filled_and_differs(
    world: World, source: str, target: str, written: str
) -> None:
    """Unknown is never a difference; an empty value of the source leaves the target alone."""
    ours, theirs = world.in_clinic(mail=TEXTS[source]), world.in_rosta(email=TEXTS[target])
    forget(world.clinic, ours, *(["mail"] if source == "unknown" else []))
    forget(world.rosta, theirs, *(["email"] if target == "unknown" else []))
    assert changed(only(world)) == ({} if written == "-" else {"email": TEXTS[written]})


@pytest.mark.parametrize(("source", "target", "written"), table(CLEAR))
def test_clear_also_empties(world: World, source: str, target: str, written: str) -> None:
    """With `empty: clear` an emptied value is written; unknown still is not."""
    ours, theirs = world.in_clinic(until=DAYS[source]), world.in_rosta(end=DAYS[target])
    forget(world.clinic, ours, *(["until"] if source == "unknown" else []))
    forget(world.rosta, theirs, *(["end"] if target == "unknown" else []))
    assert changed(only(world)) == ({} if written == "-" else {"end": DAYS[written]})


def test_zero_and_false_are_values(world: World) -> None:
    """Nought beds and no nights are not empty: they are written over other values."""
    world.in_clinic(beds=0, night=False)
    world.in_rosta(capacity=3, nights=True)
    assert changed(only(world)) == {"capacity": 0, "nights": False}


def test_a_required_zero_is_not_missing(world: World) -> None:
    """A required number or switch is filled by 0 and by false."""
    world.rosta.specs = tuple(
        evolve(spec, required=True, clearable=False)
        if spec.name in ("capacity", "nights")
        else spec
        for spec in world.rosta.specs
    )
    world.in_clinic(beds=0, night=False)
    item = only(world)
    assert (item.difference, item.reasons) == (Difference.NEW, ())


def test_a_new_employee_is_shown_every_value_that_is_not_empty(world: World) -> None:
    """What would be created has no before and no empty values, the cleared ones included."""
    world.in_clinic(mail=None)
    item = only(world)
    assert item.before is None
    assert not {"email", "end"} & changed(item).keys()
    assert {change.before for change in item.changes} == {None}


# --- when two texts are the same ----------------------------------------------------------------

SAME = [
    ("surname", "サクラ", "family", "ｻｸﾗ"),
    ("surname", "ガ", "family", "ｶﾞ"),
    ("surname", "Abe1", "family", "Ａｂｅ１"),
    ("surname", " 佐倉　", "family", "佐倉"),
    ("surname", "佐倉\u200b", "family", "佐倉"),
    ("reading", "さくら", "kana", "サクラ"),
    ("reading", "ｻｸﾗ", "kana", "さくら"),
    ("mail", "ａ@x.jp", "email", "a@x.jp"),
]
DIFFERENT = [
    ("surname", "髙崎", "family", "高崎"),
    ("surname", "﨑", "family", "崎"),
    ("surname", "\ufa19", "family", "神"),
    ("surname", "葛\U000e0100", "family", "葛"),
    ("surname", "さくら", "family", "サクラ"),
    ("surname", "佐 倉", "family", "佐倉"),
    ("reading", "サクラ", "kana", "サグラ"),
    ("mail", "A@x.jp", "email", "a@x.jp"),
]


@pytest.mark.parametrize(("ours", "a", "theirs", "b"), SAME)
def test_width_and_outer_spaces_never_count(
    world: World, ours: str, a: str, theirs: str, b: str
) -> None:
    """Nothing is written for them, in either direction; kana fields equate hiragana too."""
    world.in_clinic("0417", **{ours: a})
    world.in_rosta("0417", **{theirs: b})
    assert [only(world, back=back).difference for back in (False, True)] == [Difference.SAME] * 2


@pytest.mark.parametrize(("ours", "a", "theirs", "b"), DIFFERENT)
def test_kanji_case_and_inner_spaces_count(
    world: World, ours: str, a: str, theirs: str, b: str
) -> None:
    """They differ, and the source's own text is what is written."""
    world.in_clinic("0417", **{ours: a})
    world.in_rosta("0417", **{theirs: b})
    assert changed(only(world)) == {theirs: a}


@pytest.mark.parametrize(("beds", "found"), [(3, []), (5, ["not_allowed"])])
def test_the_only_values_of_a_whole_number_are_named_as_texts(
    world: World, beds: int, found: list[str]
) -> None:
    """A field of the target that takes 3 and 4 takes the number 3, and shows it in its words."""
    labels = (Label("三床", "three"), Label("四床", "four"))
    world.rosta.specs = tuple(
        evolve(each, allowed=("3", "4"), allowed_labels=labels) if each.name == "capacity" else each
        for each in world.rosta.specs
    )
    world.in_clinic(beds=beds)
    assert codes(only(world).reasons) == found
    [capacity] = [each for each in world.rosta.specs if each.name == "capacity"]
    with speaking("en"):
        assert value_text(beds, capacity) == ("three" if beds == 3 else "5")


def test_a_transform_changes_what_is_written(world: World) -> None:
    """Towards the clinic a reading is written as katakana."""
    world.in_clinic(reading="タカサキ")
    world.in_rosta(kana="さくら")
    assert changed(only(world, back=True)) == {"reading": "サクラ"}


# --- who is who ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [None, "", " ", "　\t", "\u200b", "\ufeff\u2060"])
def test_nobody_without_a_number_is_synced(world: World, number: str | None) -> None:
    """Nothing to see is no number, and nobody of the target is its partner."""
    world.in_clinic(number)
    world.in_rosta(number)
    item = only(world)
    assert item.difference is Difference.BLOCKED
    assert "no_number" in codes(item.reasons)
    assert (item.number, item.target_id, item.changes) == (None, None, ())


def test_a_number_that_makes_no_sense_is_not_told_to_be_missing(world: World) -> None:
    """It is there and has to be corrected; nobody is asked to enter another one."""
    person = world.in_clinic("1")
    held = world.clinic.people[person]
    values = {name: value for name, value in held.values.items() if name != "badge"}
    world.clinic.people[person] = evolve(held, values=values, unreadable=("badge",))
    item = only(world)
    assert (item.difference, codes(item.reasons)) == (Difference.BLOCKED, ["unreadable"])


def test_a_number_twice_in_the_source_blocks_both(world: World) -> None:
    """Neither of two listed people with one number is synced, and both are shown."""
    ids = {world.in_clinic(), world.in_clinic(surname="橘")}
    items = compare(world)
    assert {item.source_id for item in items} == ids
    assert [codes(item.reasons) for item in items] == [["duplicate_in_source"]] * 2


@pytest.mark.parametrize("gone", [{"until": BASE}, {"since": AFTER}])
def test_only_the_listed_of_the_source_count_as_twice(world: World, gone: dict[str, Value]) -> None:
    """A number may be used again once its former bearer is not listed."""
    world.in_clinic("0417", **gone)
    world.in_clinic(surname="橘")
    item = only(world)
    assert (item.name, item.difference) == ("橘 みなと", Difference.NEW)


@pytest.mark.parametrize("other", [{}, {"end": BEFORE}, {"start": LATER}])
def test_a_number_twice_in_the_target_blocks(world: World, other: dict[str, Value]) -> None:
    """Whichever of the two is resigned or future, nobody can tell which one is meant."""
    world.in_clinic()
    world.in_rosta()
    world.in_rosta("0417", family="橘", **other)
    item = only(world)
    assert (item.difference, item.target_id) == (Difference.BLOCKED, None)
    assert codes(item.reasons) == ["duplicate_in_target"]


NEAR = [
    ("0417", "417"), ("0417", "00417"), ("0417", "０４１７"), ("0417", " 0417"), ("0417", "04 17"),
    ("0417", "0417　"), ("0417", "0417\u200b"), ("0417", "\ufeff0417"), ("a-1", "A-1"),
    ("A-1", "A‐1"), ("A-1", "A−1"), ("A-1", "Ａー１"), ("000", "0"), ("①", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), NEAR)
def test_a_near_number_blocks(world: World, ours: str, theirs: str) -> None:
    """Width, spaces, zeros, case and hyphens never make a new employee, in either direction."""
    world.in_clinic(ours)
    world.in_rosta(theirs)
    for back, near in ((False, theirs), (True, ours)):
        item = only(world, back=back)
        assert item.difference is Difference.BLOCKED
        assert item.reasons == (Remark("near_number", (near,)),)


@pytest.mark.parametrize(("ours", "theirs"), [("0417", "4170"), ("A-1", "A1"), ("1-2", "12")])
def test_other_numbers_are_not_near(world: World, ours: str, theirs: str) -> None:
    """A trailing zero and a missing hyphen make another number."""
    world.in_clinic(ours)
    world.in_rosta(theirs)
    assert only(world).difference is Difference.NEW


def test_an_exact_partner_beside_a_near_one_is_noted(world: World) -> None:
    """The exact one is compared; the other one is only mentioned."""
    world.in_clinic()
    partner = world.in_rosta()
    world.in_rosta("417")
    item = only(world)
    assert (item.difference, item.target_id) == (Difference.SAME, partner)
    assert item.notes == (Remark("near_number_too", ("417",)),)


def test_near_numbers_among_the_listed_are_noted(world: World) -> None:
    """Two new people whose numbers look alike are each told of the other one."""
    world.in_clinic("12")
    world.in_clinic("0012")
    world.in_clinic("012", until=BASE)
    items = compare(world)
    assert [item.difference for item in items] == [Difference.NEW] * 2
    assert [item.notes for item in items] == [
        (Remark("near_number_in_source", ("12",)),),
        (Remark("near_number_in_source", ("0012",)),),
    ]


# --- what else blocks ---------------------------------------------------------------------------


@pytest.mark.parametrize("empty", [None, "", "　"])
def test_a_required_value_missing_blocks_a_new_employee(world: World, empty: str | None) -> None:
    """All that is missing is named, with the target's fields; an existing one is left alone."""
    world.in_clinic(surname=empty, first=empty)
    assert only(world).reasons == (Remark("missing_required", ("family", "given")),)
    world.in_rosta()
    assert only(world).difference is Difference.SAME


def test_a_required_value_that_is_unknown_blocks_a_new_employee(world: World) -> None:
    """Nobody is created without a family name because a token could not read it."""
    forget(world.clinic, world.in_clinic(), "surname")
    assert only(world).reasons == (Remark("missing_required", ("family",)),)


@pytest.mark.parametrize(
    ("values", "unknown", "blocked"),
    [
        ({"gone": True, "until": None}, (), True),
        ({"gone": True}, ("until",), True),
        ({"gone": True, "until": AFTER}, (), False),
        ({"gone": False, "until": None}, (), False),
        ({"gone": None, "until": None}, (), False),
        ({"until": None}, ("gone",), False),
    ],
)
def test_retired_without_a_date_blocks(
    world: World, values: dict[str, Value], unknown: tuple[str, ...], blocked: bool
) -> None:
    """Nobody knows since when they are gone."""
    forget(world.clinic, world.in_clinic("0417", **values), *unknown)
    assert (codes(only(world).reasons) == ["retired_without_date"]) == blocked


def test_a_value_the_source_cannot_make_sense_of_blocks(world: World) -> None:
    """The field is named, and nothing of this employee is written."""
    garble(world.clinic, world.in_clinic(mail="new@x.jp"), "born")
    world.in_rosta()
    item = only(world)
    assert item.reasons == (Remark("unreadable", ("clinic", "born")),)
    assert item.changes == ()


def test_a_leaving_date_nobody_can_read_keeps_the_person_in_sight(world: World) -> None:
    """They are listed and blocked: whether they are gone has to be looked at."""
    garble(world.clinic, world.in_clinic(), "until")
    assert only(world).reasons == (Remark("unreadable", ("clinic", "until")),)


def test_a_value_of_the_partner_nobody_can_read_blocks(world: World) -> None:
    """It cannot be told whether it differs."""
    world.in_clinic()
    garble(world.rosta, world.in_rosta(), "dob")
    assert only(world).reasons == (Remark("unreadable", ("rosta", "dob")),)


def test_an_unreadable_value_that_is_not_mapped_does_not_block(world: World) -> None:
    """The ward of the partner is none of this mapping's business."""
    world.in_clinic()
    garble(world.rosta, world.in_rosta(), "ward")
    assert only(world).difference is Difference.SAME


def test_a_value_outside_the_table_blocks(world: World) -> None:
    """A grade the mapping does not know is not guessed, and named as the source has it."""
    world.in_clinic(grade="chief")
    world.in_rosta()
    assert only(world).reasons == (Remark("not_in_table", ("grade", "chief")),)


def test_a_value_the_target_does_not_take_blocks(world: World) -> None:
    """Without a table the value itself has to be one of those allowed."""
    file = world.folder / "pair.yaml"
    file.write_text(file.read_text().replace(', values: {junior: "1", senior: "2"}', ""))
    world.in_clinic(grade="2")
    assert only(world).difference is Difference.NEW
    world.in_clinic("0418", grade="3")
    assert compare(world)[1].reasons == (Remark("not_allowed", ("rank",)),)


@pytest.mark.security(23)
@pytest.mark.parametrize(("length", "blocked"), [(40, False), (41, True)])
def test_a_text_too_long_for_the_target_blocks(world: World, length: int, blocked: bool) -> None:
    """Lengths count characters, the four-byte ones once."""
    world.in_clinic(mail="𠮷" * length)
    assert (only(world).reasons == (Remark("too_long", ("email",)),)) == blocked


def test_every_reason_is_told_at_once(world: World) -> None:
    """Somebody who corrects one mistake does not find the next one only then."""
    world.in_clinic(None, surname=None, gone=True, grade="chief", mail="x" * 41)
    told = codes(only(world).reasons)
    assert told == [
        "no_number", "retired_without_date", "too_long", "not_in_table", "missing_required",
    ]  # fmt: skip


# --- notes, notices and order -------------------------------------------------------------------


@pytest.mark.parametrize(("end", "noted"), [(BEFORE, True), (BASE, True), (AFTER, False)])
def test_somebody_resigned_in_the_target_is_noted(world: World, end: dt.date, noted: bool) -> None:
    """A sync would make them active again, so the date is told; it is a change, never new."""
    world.in_clinic()
    world.in_rosta(end=end)
    item = only(world)
    assert item.difference is Difference.CHANGED
    assert item.notes == ((Remark("resigned_in_target", (end.isoformat(),)),) if noted else ())


def test_a_wanted_value_missing_is_noted_for_new_employees_only(world: World) -> None:
    """The target often refuses them without a reading, but not always."""
    world.in_clinic(reading=None)
    assert only(world).notes == (Remark("wanted_missing", ("kana",)),)
    assert only(world).difference is Difference.NEW
    world.in_rosta()
    assert only(world).notes == ()


@pytest.mark.parametrize("day", [BASE, BEFORE, BASE - 400 * DAY])
def test_who_left_and_looks_active_there_is_told(world: World, day: dt.date) -> None:
    """The notice counts and names them, and its date lists them."""
    world.in_clinic(until=day)
    world.in_rosta()
    assert compare(world) == []
    assert left_behind(world) == Remark("left_before_base", ("1", (day - DAY).isoformat(), "0417"))
    (item,) = compare(world, day - DAY)
    assert changed(item) == {"end": day}


def test_the_date_of_the_notice_lists_all_of_them(world: World) -> None:
    """The earliest leaving date decides; numbers are in order."""
    for number, day in (("3", BASE), ("1", BASE - 9 * DAY), ("2", BEFORE)):
        world.in_clinic(number, until=day)
        world.in_rosta(number)
    notice = left_behind(world)
    assert notice == Remark("left_before_base", ("3", "2026-11-10", "1", "2", "3"))
    assert len(compare(world, dt.date(2026, 11, 10))) == 3


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"until": BASE}, {"end": BASE}),
        ({"until": BASE}, {"end": BEFORE}),
        ({"until": AFTER}, {}),
        ({"until": None}, {}),
    ],
)
def test_who_is_gone_on_both_sides_is_not_told(
    world: World, ours: dict[str, Value], theirs: dict[str, Value]
) -> None:
    """Nor is anybody who is listed."""
    world.in_clinic("0417", **ours)
    world.in_rosta("0417", **theirs)
    assert left_behind(world) is None


def test_who_left_and_is_not_in_the_target_is_not_told(world: World) -> None:
    """There is nothing to pass on."""
    world.in_clinic(until=BASE)
    assert left_behind(world) is None


def test_who_left_and_came_back_under_the_number_is_not_told(world: World) -> None:
    """The listed one is the partner of the one in the target."""
    world.in_clinic(until=BASE)
    world.in_clinic()
    world.in_rosta()
    assert left_behind(world) is None


def test_the_notice_spells_out_twenty_and_counts_all(world: World) -> None:
    """A thousand leavers make no wall of numbers."""
    for index in range(25):
        world.in_clinic(f"{index:03}", until=BASE)
        world.in_rosta(f"{index:03}")
    notice = left_behind(world)
    assert notice is not None
    assert notice.about[0] == "25"
    assert notice.about[2:] == tuple(f"{index:03}" for index in range(20))


def test_leaving_on_the_first_day_there_is_breaks_nothing(world: World) -> None:
    """0001-01-01 stands for "unknown" in old data; there is no day before it."""
    world.in_clinic(until=dt.date.min)
    world.in_rosta(start=None)
    assert left_behind(world) == Remark("left_long_ago", ("1", "0417"))


def test_who_left_too_long_ago_is_told_apart(world: World) -> None:
    """No date that can be chosen lists them; the others' date does not suffer from them."""
    for number, day in (("1", EARLIEST), ("2", EARLIEST + DAY), ("3", BASE), ("4", dt.date.min)):
        world.in_clinic(number, until=day)
        world.in_rosta(number, start=None)
    listing = lists(world)
    assert list(items_of(listing)) == []
    assert listing.left_behind(EARLIEST) == [
        Remark("left_before_base", ("2", EARLIEST.isoformat(), "2", "3")),
        Remark("left_long_ago", ("2", "1", "4")),
    ]


def test_items_are_in_order_of_number_without_number_last(world: World) -> None:
    """Whatever order a system lists them in, the plan's is the same."""
    for number in (None, "20", "3", "Ａ1", "003", "B"):
        world.in_clinic(number)
    assert [item.number for item in compare(world)] == ["003", "20", "3", "B", "Ａ1", None]
    run = world.fetch()
    assert [item.position for item in world.items(run)] == [1, 2, 3, 4, 5, 6]
    assert world.items(run)[-1].number is None


# --- what a fetch adds --------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["clinic", "rosta"])
@pytest.mark.parametrize("role", ["number", "family_name", "birth", "hired", "left"])
def test_a_role_unknown_for_everybody_stops_the_fetch(world: World, side: str, role: str) -> None:
    """That is what a token without the right looks like; the field and the connection are named."""
    system: MemorySystem = getattr(world, side)
    name = next(spec.name for spec in system.specs if spec.role == role)
    world.in_clinic()
    world.in_rosta()
    for person in system.people:
        forget(system, person, name)
    with pytest.raises(AccessError, match=name) as caught:
        world.fetch()
    assert caught.value.where == side


def test_a_role_known_for_one_is_enough(world: World) -> None:
    """An unreadable value is known to be there, too."""
    forget(world.clinic, world.in_clinic("1"), "until", "since")
    garble(world.clinic, world.in_clinic("2"), "until")
    world.in_clinic("3", until=None)
    forget(world.clinic, world.in_clinic("4"), "until")
    assert world.fetch().counts[Difference.NEW] == 3


def notices(world: World, base: dt.date | None = None, *, back: bool = False) -> dict[str, object]:
    """Return the notices of a fetch by code."""
    names = ("rosta", "clinic") if back else ("clinic", "rosta")
    run = world.fetch(*names, base)
    return {each.code: each.about for each in run.notices}


def test_a_field_unknown_for_everybody_is_a_notice(world: World) -> None:
    """It is never a difference, so somebody has to be told that it is not compared."""
    forget(world.clinic, world.in_clinic("1"), "mail", "beds")
    forget(world.clinic, world.in_clinic("2"), "mail")
    world.in_rosta("1", email="other@x.jp")
    found = notices(world)
    assert found.pop("partly_compared") == ("clinic", "1", "beds")
    assert found == {"field_unknown": ("clinic", "mail")}


def test_a_field_unknown_for_somebody_is_a_note(world: World) -> None:
    """A value on one side that is shown to nobody's eye on the other: same is not all there is."""
    ours = [world.in_clinic(number, mail=f"{number}@x.jp") for number in "1234"]
    theirs = [world.in_rosta(number, email=f"{number}@x.jp") for number in "123"]
    forget(world.rosta, theirs[0], "email")
    forget(world.clinic, ours[1], "mail")
    items = {item.number: item for item in compare(world)}
    assert items["1"].difference is items["2"].difference is Difference.SAME
    assert items["1"].notes == (Remark("not_compared", ("rosta", "email")),)
    assert items["2"].notes == (Remark("not_compared", ("clinic", "mail")),)
    assert items["3"].notes == items["4"].notes == ()
    assert not any(item.look_first for item in items.values())
    told = [each.about for each in world.fetch().notices if each.code == "partly_compared"]
    assert told == [("clinic", "1", "mail"), ("rosta", "1", "email")]


HIDDEN = Remark("empty_for_all", ("until",))
PLANNED = dt.date(2027, 3, 31)


def test_what_nobody_has_empties_nothing_unseen(world: World) -> None:
    """A token that may not read a field may show it as empty: a person looks first."""
    for number in "123":
        world.in_clinic(number)
        world.in_rosta(number)
    world.rosta.edit(next(iter(world.rosta.people)), end=PLANNED)
    item = compare(world)[0]
    assert (item.difference, item.notes, item.look_first) == (Difference.CHANGED, (HIDDEN,), True)
    world.in_clinic("4", until=dt.date(2027, 1, 31))
    item = compare(world)[0]
    assert (item.difference, item.notes, item.look_first) == (Difference.CHANGED, (), False)


def test_two_people_say_nothing_of_a_field(world: World) -> None:
    """In a company of two that nobody leaves is no wonder."""
    for number in "12":
        world.in_clinic(number)
        world.in_rosta(number, end=PLANNED)
    assert [item.notes for item in compare(world)] == [(), ()]


def test_whose_day_of_joining_nobody_knows_is_looked_at(world: World) -> None:
    """Without a day everybody has joined, also who is only hired: if nobody has one, look."""
    for number in "12":
        world.in_clinic(number, since=None)
        world.in_rosta(number)
    world.in_clinic("3", since=None)
    *known, new = compare(world)
    assert (new.difference, new.look_first) == (Difference.NEW, True)
    assert new.notes == (Remark("empty_for_all", ("since",)),)
    assert [item.look_first for item in known] == [False, False]
    assert notices(world) == {"field_empty": ("clinic", "since")}


def test_a_day_of_joining_that_is_kept_nowhere_is_no_wonder(world: World) -> None:
    """The target has none either: then nobody has to look."""
    for number in "1234":
        world.in_clinic(number, since=None)
    for number in "123":
        world.in_rosta(number, start=None)
    assert not any(item.look_first for item in compare(world))
    assert notices(world) == {}


def test_filling_what_nobody_has_is_a_notice(world: World) -> None:
    """A sync may overwrite what the token cannot see; what is not written is not told."""
    for number in "123":
        world.in_clinic(number, beds=None)
        world.in_rosta(number, email=None, capacity=None)
    assert notices(world) == {"field_empty": ("rosta", "email")}
    world.in_rosta("4", email="4@example.jp")
    assert notices(world) == {}


def test_what_makes_no_sense_is_there(world: World) -> None:
    """An unreadable value is no empty one: the field is filled in."""
    for number in "123":
        world.in_clinic(number)
        world.in_rosta(number, email=None)
    garble(world.rosta, next(iter(world.rosta.people)), "email")
    assert notices(world) == {}


def test_who_is_released_keeps_what_the_list_says(world: World) -> None:
    """That a field may be hidden is not known from one employee."""
    for number in "123":
        world.in_clinic(number)
    for number in "23":
        world.in_rosta(number)
    born = dt.date(1960, 1, 1)
    world.in_rosta("1", family="森", given="薫", kana="モリ", dob=born, end=PLANNED)
    run = world.fetch()
    with world.runs() as runs:
        runs.release(run.id, Wish(number="1", why="the same badge"))
    item = world.item(run, "1")
    assert (item.difference, item.look_first) == (Difference.CHANGED, True)
    assert "empty_for_all" in codes(item.notes)


def test_nothing_to_compare_is_no_note(world: World) -> None:
    """Empty on one side and not shown on the other, or not shown to anybody: nothing by itself."""
    world.in_clinic("1", mail=None)
    forget(world.rosta, world.in_rosta("1"), "email")
    world.in_clinic("2", mail="2@x.jp")
    there = world.in_rosta("2", email="2@x.jp")
    assert [item.notes for item in compare(world)] == [(), ()]
    forget(world.rosta, there, "email")
    assert [item.notes for item in compare(world)] == [(), ()]
    assert notices(world) == {"field_unknown": ("rosta", "email")}


@pytest.mark.fault("F17")
def test_an_empty_list_is_a_notice(world: World) -> None:
    """A system that shows nobody at all is rare enough to be told."""
    world.in_clinic()
    assert notices(world) == {"list_empty": ("rosta",)}
    assert notices(world, back=True) == {"list_empty": ("rosta",)}


def test_on_another_day_undated_values_are_a_notice(world: World) -> None:
    """The values are those of today, whatever base date lists the people."""
    world.in_clinic()
    world.in_rosta()
    assert notices(world, BASE) == {}
    assert notices(world, AFTER) == {"values_of_today": ("clinic",)}


def test_a_source_that_knows_all_days_needs_no_notice(world: World) -> None:
    """Dated values are those of the base date."""
    world.clinic.specs = tuple(evolve(spec, dated=True) for spec in world.clinic.specs)
    world.in_clinic()
    world.in_rosta()
    assert notices(world, AFTER) == {}


@pytest.mark.parametrize("on", [True, False])
def test_substitutes_of_the_target_that_come_back_are_a_notice(world: World, on: bool) -> None:
    """Where a setting replaces names on the way out, they would come back as the real ones."""
    extra = (
        "settings: {nicknames: {default: %s, label: {ja: あだ名, en: Nicknames}}}\n"
        "substitute:\n  clinic:\n    - {when: nicknames, if_filled: reading, surname: reading}\n"
    )
    file = world.folder / "pair.yaml"
    file.write_text(file.read_text() + extra % str(on).lower())
    world.in_clinic()
    world.in_rosta()
    expected = {"substitutes_come_back": ("clinic",)} if on else {}
    assert notices(world, back=True) == expected
    assert notices(world) == {}


def test_who_is_retired_there_does_not_look_active(world: World) -> None:
    """Retired without a date: nobody has to be told that they left."""
    for number, gone in (("1", True), ("2", False)):
        world.in_rosta(number, end=BASE)
        world.in_clinic(number, gone=gone)
    with world.runs() as runs:
        notices = runs.fetch("rosta", "clinic", BASE).notices
    [told] = [notice for notice in notices if notice.code == "left_before_base"]
    assert (told.about[0], told.about[2:]) == ("1", ("2",))


def test_what_is_given_once_is_never_changed(world: World) -> None:
    """A field that only a new employee gets may differ afterwards."""
    file = world.folder / "pair.yaml"
    file.write_text(file.read_text().replace("[mail, email]", "[mail, ward]"))
    world.in_clinic("1", mail="W1")
    world.in_rosta("1", ward="W9")
    world.in_clinic("2", mail="W1")
    with world.runs() as runs:
        run = runs.fetch("clinic", "rosta")
        same, new = runs.items(run.id)
    assert same.difference is Difference.SAME
    assert new.after["ward"] == "W1"
