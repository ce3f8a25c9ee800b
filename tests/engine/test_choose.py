"""Who is chosen, with which values for new employees: checked and stored whole, or not at all."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from renkei.errors import (
    BusyError,
    ClosedError,
    ConfigurationError,
    RecordError,
    SeveralErrors,
    UsageError,
)
from renkei.model import Difference, Outcome, OwnValues, Remark, Selection, Status
from renkei.people import Choice, Label, NewField
from renkei.testing import MemoryConnector, MemorySystem, installed
from renkei_runner.hints import told

if TYPE_CHECKING:
    from tests.engine.world import World

    from renkei.model import Run
    from renkei.people import Values

OPENS = dt.datetime(2026, 11, 20, 1, tzinfo=dt.UTC)
NEW = frozenset({Difference.NEW})
CHANGED = frozenset({Difference.CHANGED})
SAME = frozenset({Difference.SAME})


def staff(world: World) -> Run:
    """Fetch two new people, one changed, one unchanged, one blocked by a near number."""
    world.in_clinic("001")
    world.in_clinic("002")
    world.in_clinic("101", mail="new@example.jp")
    world.in_rosta("101")
    world.in_clinic("201")
    world.in_rosta("201")
    world.in_clinic("301")
    world.in_rosta("0301")
    return world.fetch()


def choose(world: World, run: Run, selection: Selection) -> Run:
    """Choose as a command does."""
    with world.runs() as runs:
        return runs.choose(run.id, selection)


def refused(world: World, run: Run, selection: Selection) -> UsageError:
    """Return why a choice is refused; nothing of it is stored or sent."""
    with world.runs() as runs:
        before = runs.selection(run.id)
    with pytest.raises(UsageError) as caught:
        choose(world, run, selection)
    with world.runs() as runs:
        assert runs.selection(run.id) == before
        assert runs.run(run.id).status is run.status
    return caught.value


def chosen(world: World, run: Run) -> list[str | None]:
    """Return the numbers of those who are chosen."""
    return [item.number for item in world.items(run) if item.selected]


def row(number: str, where: str = "line 2", **values: str) -> OwnValues:
    """Return the values of one new employee."""
    return OwnValues(number=number, values=values, where=where)


# --- who ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), []),
        (Selection(differences=NEW), ["001", "002"]),
        (Selection(differences=CHANGED), ["101"]),
        (Selection(differences=NEW | CHANGED | SAME), ["001", "002", "101", "201"]),
        (Selection(numbers=("002",)), ["002"]),
        (Selection(numbers=("002", "002", "201")), ["002", "201"]),
        (Selection(differences=CHANGED, numbers=("001",)), ["001", "101"]),
        (Selection(differences=NEW, excluded=("001",)), ["002"]),
        (Selection(numbers=("001",), excluded=("001",)), []),
        (Selection(differences=NEW, excluded=("301",)), ["001", "002"]),
    ],
)
def test_chosen_are_differences_and_numbers_without_the_excluded(
    world: World, selection: Selection, expected: list[str]
) -> None:
    """Nobody else is marked, and until then nobody at all."""
    run = staff(world)
    assert chosen(world, run) == []
    choose(world, run, evolve(selection, new={"ward": "W1"}))
    assert chosen(world, run) == expected


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(differences=frozenset({Difference.BLOCKED})), ["Blocked"]),
        (Selection(numbers=("301",)), ["blocked", "301"]),
        (Selection(differences=NEW, numbers=("301",)), ["blocked", "301"]),
        (Selection(numbers=("999", "1", "001")), ["not in the plan", "1 (but 001 is), 999."]),
        (Selection(differences=NEW, excluded=("888",)), ["not in the plan", "888"]),
        (
            Selection(differences=NEW, excluded=("１", "0002")),
            ["0002 (but 002 is), １ (but 001 is)"],
        ),
        (Selection(differences=NEW, excluded=(" 001",)), ["001 (but 001 is)"]),
    ],
)
def test_unknown_and_blocked_numbers_are_refused(
    world: World, selection: Selection, words: list[str]
) -> None:
    """All of them are named, and nobody is chosen."""
    run = staff(world)
    told = refused(world, run, selection).message
    assert all(word in told for word in words)
    assert chosen(world, run) == []


def test_people_without_a_number_or_with_a_shared_one_cannot_be_chosen(world: World) -> None:
    """They are blocked, whichever way one asks for them."""
    world.in_clinic(None)
    world.in_clinic("7")
    world.in_clinic("7", surname="橘")
    run = world.fetch()
    choose(world, run, Selection(differences=NEW | CHANGED | SAME))
    assert chosen(world, run) == []
    assert "7" in refused(world, run, Selection(numbers=("7",))).message


# --- values for new employees -------------------------------------------------------------------


@pytest.mark.parametrize("value", ["W2", "South"])
def test_a_value_is_a_code_or_a_label_that_is_unique(world: World, value: str) -> None:
    """Both mean the same choice; code and label are stored."""
    run = staff(world)
    choose(world, run, Selection(differences=NEW, new={"ward": value}))
    assert world.item(run, "001").new_values == {"ward": Choice("W2", "South")}


def test_a_code_that_is_also_a_label_is_the_code(world: World) -> None:
    """Codes are unique; labels need not be."""
    wards = (Choice("A", "B"), Choice("B", "A"))
    world.rosta.choices = (NewField("ward", Label("病棟", "Ward"), wards),)
    run = staff(world)
    choose(world, run, Selection(differences=NEW, new={"ward": "A"}))
    assert world.item(run, "001").new_values == {"ward": Choice("A", "B")}


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ({}, ["--new ward=VALUE", "002"]),
        ({"ward": "Annex"}, ["Ward", "W3, W4"]),
        ({"ward": "Cellar"}, ["Ward", "Cellar", "not offered", "offered for ward"]),
        ({"ward": ""}, ["Ward", "not offered", "offered for ward"]),
        ({"ward": "w1"}, ["Ward", "w1", "not offered", "offered for ward"]),
        ({"wrad": "W1"}, ["wrad", "ward"]),
        ({"ward": "W1", "rank": "1"}, ["rank", "there is no field"]),
        ({"ward": "Annex", "wrad": "W1"}, ["W3, W4", "wrad"]),
    ],
)
def test_values_missing_ambiguous_or_unknown_are_refused(
    world: World, new: dict[str, str], words: list[str]
) -> None:
    """Every mistake is told at once; what to type stands apart, with the field's own name."""
    error = refused(world, staff(world), Selection(differences=NEW, new=new))
    assert isinstance(error, SeveralErrors)
    hints = " ".join(told(each.hint) for each in error.mistakes)
    assert all(word in f"{error.message} {hints}" for word in words)
    assert "renkei" not in error.message
    assert "--new" not in error.message


def test_many_who_miss_a_value_are_counted(world: World) -> None:
    """Ten are spelt out."""
    for index in range(12):
        world.in_clinic(f"{index:02}")
    told = refused(world, world.fetch(), Selection(differences=NEW)).message
    assert "12" in told
    assert "09 …" in told
    assert "10" not in told.replace("12", "")


def test_rows_give_some_other_values_than_all(world: World) -> None:
    """A row goes before the value for all; those without a row get that."""
    run = staff(world)
    choice = Selection(differences=NEW, new={"ward": "W1"}, own_values=(row("002", ward="South"),))
    choose(world, run, choice)
    world.resume(run)
    assert [values["ward"] for _kind, _id, values in world.rosta.writes] == ["W1", "W2"]


def test_rows_for_everybody_need_no_common_value(world: World) -> None:
    """One row each."""
    run = staff(world)
    rows = (row("001", ward="W1"), row("002", ward="W2"))
    choose(world, run, Selection(differences=NEW, own_values=rows))
    assert world.item(run, "002").new_values == {"ward": Choice("W2", "South")}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((row("2", "line 7", ward="W1"),), ["line 7", "2", "but 002 is", "leading zeros"]),
        ((row("００２", ward="W1"),), ["but 002 is"]),
        ((row("999", "line 7", ward="W1"),), ["line 7", "999 is not in the plan"]),
        ((row("101", ward="W1"),), ["101 exists"]),
        ((row("201", ward="W1"),), ["201 exists"]),
        ((row("002", "line 7", ward="Annex"),), ["line 7", "W3, W4"]),
        ((row("002", "line 7", wrad="W1"),), ["line 7", "wrad"]),
        ((row("2", ward="W1"), row("101", "line 3", ward="W9")), ["002", "line 3", "W9"]),
    ],
)
def test_rows_that_fit_nobody_new_are_refused(
    world: World, rows: tuple[OwnValues, ...], words: list[str]
) -> None:
    """With the place they come from; spreadsheets drop leading zeros."""
    selection = Selection(differences=NEW, new={"ward": "W1"}, own_values=rows)
    told = refused(world, staff(world), selection).message
    assert all(word in told for word in words)


def test_rows_for_new_people_who_are_not_chosen_or_blocked_do_no_harm(world: World) -> None:
    """One file may serve several choices from one plan."""
    run = staff(world)
    rows = (row("001", ward="W1"), row("002", ward="W2"), row("301", ward="W2"))
    choose(world, run, Selection(numbers=("002",), own_values=rows))
    assert chosen(world, run) == ["002"]


def test_without_new_people_no_values_are_asked_for(world: World) -> None:
    """The choices are not even read."""
    run = staff(world)
    reads = list(world.rosta.reads)
    choose(world, run, Selection(differences=CHANGED))
    assert world.rosta.reads == reads
    world.resume(run)
    assert world.outcome(run, "101") == (Outcome.UPDATED, None)


def test_a_target_without_required_fields_takes_no_values(world: World) -> None:
    """The clinic needs nothing beside the mapping, and says so."""
    world.in_rosta("001")
    run = world.fetch("rosta", "clinic")
    assert "ward" in refused(world, run, Selection(differences=NEW, new={"ward": "W1"})).message
    choose(world, run, Selection(differences=NEW))
    assert world.resume(run).status is Status.DONE
    assert [values["badge"] for _kind, _id, values in world.clinic.writes] == ["001"]


def test_a_required_field_without_choices_blocks_who_is_new(world: World) -> None:
    """Nobody could ever be created: the field is named in the plan, and the others go on."""
    world.rosta.choices = ()
    run = staff(world)
    assert run.counts[Difference.NEW] == 0
    assert world.item(run, "001").reasons == (Remark("nothing_fills", ("ward",)),)
    choose(world, run, Selection(differences=CHANGED))
    world.resume(run)
    assert [kind for kind, _id, _values in world.rosta.writes] == ["update"]


# --- before and after the sync has begun --------------------------------------------------------


def test_a_choice_replaces_the_one_before(world: World) -> None:
    """Until the first intent, the last one counts: those chosen before are not any more."""
    run = staff(world)
    choose(world, run, Selection(differences=NEW, new={"ward": "W1"}))
    choose(world, run, Selection(differences=CHANGED))
    assert chosen(world, run) == ["101"]
    assert world.item(run, "001").new_values == {}
    done = world.resume(run)
    assert [kind for kind, _id, _values in world.rosta.writes] == ["update"]
    assert done.outcomes is not None
    assert done.outcomes[Outcome.NOT_SELECTED] == 4


def paused(world: World) -> tuple[Run, Selection]:
    """Return a run that was paused after its first create, with its choice."""
    run = staff(world)
    selection = Selection(differences=NEW, new={"ward": "W1"}, own_values=(row("002", ward="W2"),))
    choose(world, run, selection)

    def refuse(hook: str, _values: Values) -> None:
        if hook == "create_employee" and world.rosta.writes:
            raise ClosedError("no", opens=OPENS)

    world.rosta.trouble = refuse
    assert world.resume(run).status is Status.PAUSED
    world.rosta.trouble = lambda _hook, _values: None
    return run, selection


def test_the_same_choice_again_after_the_begin_is_a_resume(world: World) -> None:
    """In whatever order it is given; what has been done is not done again."""
    run, selection = paused(world)
    again = Selection(
        differences=frozenset(selection.differences),
        new={"ward": "W1"},
        own_values=(row("002", "another file", ward="W2"),),
    )
    assert choose(world, run, again).status is Status.PAUSED
    assert world.resume(run).status is Status.DONE
    assert [values["id_no"] for _kind, _id, values in world.rosta.writes] == ["001", "002"]


@pytest.mark.parametrize(
    "other",
    [
        Selection(),
        Selection(differences=NEW, new={"ward": "W1"}),
        Selection(differences=NEW, new={"ward": "W2"}, own_values=(row("002", ward="W2"),)),
        Selection(
            differences=NEW | CHANGED, new={"ward": "W1"}, own_values=(row("002", ward="W2"),)
        ),
    ],
)
def test_another_choice_after_the_begin_is_refused(world: World, other: Selection) -> None:
    """Somebody already written can no longer be left out."""
    run, _selection = paused(world)
    with pytest.raises(UsageError, match="already begun"):
        choose(world, run, other)
    assert chosen(world, run) == ["001", "002"]


def test_a_sync_that_could_not_begin_can_be_chosen_anew(world: World) -> None:
    """It paused before the first intent."""
    run = staff(world)
    choose(world, run, Selection(differences=NEW, new={"ward": "W1"}))

    def refuse(hook: str, _values: Values) -> None:
        if hook == "read_employees":
            raise ClosedError("no", opens=OPENS)

    world.rosta.trouble = refuse
    assert world.resume(run).status is Status.PAUSED
    world.rosta.trouble = lambda _hook, _values: None
    choose(world, run, Selection(numbers=("002",), new={"ward": "W2"}))
    assert world.resume(run).status is Status.DONE
    assert [values["id_no"] for _kind, _id, values in world.rosta.writes] == ["002"]


def test_a_sync_without_a_choice_is_refused(world: World) -> None:
    """Nothing is sent because nobody said anything."""
    run = staff(world)
    with pytest.raises(UsageError, match="Nobody has been chosen") as caught:
        world.resume(run)
    assert caught.value.code == "nothing_chosen"
    assert world.rosta.writes == []


def test_a_choice_of_nobody_ends_at_once(world: World) -> None:
    """There was nothing to do, and that was done."""
    run = staff(world)
    choose(world, run, Selection())
    done = world.resume(run)
    assert done.status is Status.DONE
    assert done.outcomes is not None
    assert done.outcomes[Outcome.NOT_SELECTED] == 5
    assert world.rosta.writes == []


def test_who_is_the_same_ends_unchanged(world: World) -> None:
    """They may be chosen, and nothing is read or sent for them."""
    run = staff(world)
    choose(world, run, Selection(differences=SAME))
    reads = list(world.rosta.reads)
    assert world.resume(run).status is Status.DONE
    assert world.outcome(run, "201") == (Outcome.UNCHANGED, None)
    assert (world.rosta.writes, world.rosta.reads) == ([], reads)


def test_a_run_that_is_over_takes_no_choice(world: World) -> None:
    """Fetch again."""
    run = staff(world)
    choose(world, run, Selection())
    with world.runs() as runs:
        runs.cancel(run.id)
    with pytest.raises(UsageError, match=r"over.*Fetch again"):
        choose(world, run, Selection(differences=CHANGED))


def test_a_run_of_which_nothing_was_sent_may_be_chosen_anew(world: World) -> None:
    """Needing nothing is no beginning; the next choice is synced as if it were the first."""
    run = staff(world)
    choose(world, run, Selection(differences=SAME))
    assert world.resume(run).status is Status.DONE
    choose(world, run, Selection(differences=CHANGED))
    done = world.resume(run)
    assert done.outcomes is not None
    assert (done.status, done.outcomes[Outcome.UPDATED]) == (Status.DONE, 1)
    assert done.outcomes[Outcome.UNCHANGED] == 0
    with pytest.raises(UsageError):
        choose(world, run, Selection(differences=NEW, new={"ward": "W1"}))


def test_trying_again_while_another_run_writes_forgets_nothing(world: World) -> None:
    """The report still says why they failed."""
    run = staff(world)
    choose(world, run, Selection(differences=NEW, new={"ward": "W1"}))

    def refuse(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            raise RecordError("no")

    world.rosta.trouble = refuse
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    with world.runs() as runs:
        other = runs.fetch("clinic", "rosta")
        runs._store.begin_sync(other.id, runs.clock.now(), "sato", account=world.account())
        with pytest.raises(BusyError):
            runs.sync(run.id, retry_failed=True)
    assert world.outcome(run, "001") == (Outcome.FAILED, "refused")


# --- a mapping that has changed -----------------------------------------------------------------

SETTING = "settings: {short: {default: %s, label: {ja: 短い, en: Short}}}\n"


def edit(world: World, name: str, old: str, new: str) -> None:
    """Change a file."""
    file = world.folder / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


@pytest.mark.fault("F65")
@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("change", ["text", "comment", "setting"])
def test_a_plan_of_another_mapping_is_not_synced(world: World, change: str, begun: bool) -> None:
    """Even a comment makes it another one, and so does a setting; nothing is sent."""
    edit(world, "pair.yaml", "fields:", SETTING % "false" + "fields:")
    run = paused(world)[0] if begun else staff(world)
    if not begun:
        choose(world, run, Selection(differences=NEW, new={"ward": "W1"}))
    sent = list(world.rosta.writes)
    if change == "text":
        edit(world, "pair.yaml", "  - {pair: [mail, email]}\n", "")
    elif change == "comment":
        edit(world, "pair.yaml", "fields:", "# new\nfields:")
    else:
        edit(world, "renkei.yaml", "./pair.yaml}", "./pair.yaml, settings: {short: true}}")
    with pytest.raises(UsageError, match=r"mapping .* has changed") as caught:
        world.resume(run)
    assert caught.value.code == "mapping_changed"
    assert world.rosta.writes == sent


# --- two accounts of one connector --------------------------------------------------------------

TWINS = """\
sides: {old: clinic, new: clinic}
settings: {readings: {default: true, label: {ja: 読み, en: Readings}}}
fields:
  - {pair: [badge, badge]}
  - {pair: [surname, surname]}
  - {pair: [first, first]}
  - {pair: [mail, reading], only: new}
substitute:
  old:
    - {when: readings, if_filled: mail, surname: mail}
"""
ACCOUNTS = """\
connections:
  east: {connector: clinic, base_url: "http://127.0.0.1:1", token: "env:RENKEI_TEST_TOKEN"}
  west: {connector: clinic, base_url: "http://127.0.0.1:2", token: "env:RENKEI_TEST_TOKEN"}
mappings:
  - {use: ./pair.yaml, sides: {old: east, new: west}}
store: reports.db
"""


def test_sides_say_which_account_is_which(world: World) -> None:
    """A mapping between two of a kind is used in the direction that the connections have."""
    (world.folder / "pair.yaml").write_text(TWINS)
    (world.folder / "renkei.yaml").write_text(ACCOUNTS)
    systems = {"east": world.clinic, "west": MemorySystem(world.clinic.specs)}
    with installed(clinic=lambda at: MemoryConnector(systems.get(at.name, world.clinic))):
        world.in_clinic("001", mail="e@x.jp", first="みなと")
        run = world.fetch("east", "west")
        world.sync(run)
        ((_kind, _id, values),) = systems["west"].writes
        assert values == {
            "badge": "001", "surname": "e@x.jp", "first": "みなと", "reading": "e@x.jp",
        }  # fmt: skip
        back = world.fetch("west", "east")
        assert world.item(back, "001").difference is Difference.SAME
        systems["west"].edit(next(iter(systems["west"].people)), surname="edited")
        again = world.fetch("west", "east")
        assert world.item(again, "001").changes[0].after == "edited"
        codes = [each.code for each in back.notices]
        assert codes == ["substitutes_come_back"]
        with world.runs() as runs:
            item, steps = runs.explain(run.id, "001")
        assert item.outcome is Outcome.CREATED
        assert [step.target_field for step in steps] == ["badge", "surname", "first", "reading"]


def test_a_connection_is_never_compared_with_itself(world: World) -> None:
    """A request for that has a mistyped name."""
    (world.folder / "pair.yaml").write_text(TWINS)
    (world.folder / "renkei.yaml").write_text(
        ACCOUNTS.replace(", sides: {old: east, new: west}", "")
    )
    for name in ("east", "west"):
        with pytest.raises(UsageError, match=f"{name} cannot be compared with itself"):
            world.fetch(name, name)


def test_a_pair_without_a_mapping_is_named(world: World) -> None:
    """Where to add one is told."""
    (world.folder / "renkei.yaml").write_text(
        ACCOUNTS.replace("./pair.yaml, sides: {old: east, new: west}", "./pair.yaml")
    )
    with pytest.raises(ConfigurationError, match=r"No mapping fits east → west.*renkei\.yaml"):
        world.fetch("east", "west")


def test_two_mappings_that_fit_are_refused(world: World) -> None:
    """Nobody should have to guess which one was used."""
    edit(
        world,
        "renkei.yaml",
        "  - {use: ./pair.yaml}",
        "  - {use: ./pair.yaml}\n  - {use: ./b.yaml}",
    )
    (world.folder / "b.yaml").write_text((world.folder / "pair.yaml").read_text())
    with pytest.raises(ConfigurationError, match="2 mappings fit clinic → rosta"):
        world.fetch()
