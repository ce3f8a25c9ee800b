"""Whom a pair is for (``who:``): they are listed, chosen and written, and nobody else is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_compare import codes, forget
from tests.engine.test_laws import BASE, DIRECTIONS, ROSTERS, fetched, filled, law, target_of
from tests.engine.world import World, spec
from tests.sampling import sampled

from renkei.errors import MappingError, SeveralErrors, UnavailableError, UsageError
from renkei.mapping.scope import Scope
from renkei.model import Difference, Outcome, OwnValues, Run, Selection, Wish
from renkei.people import Choice, Employee, Label, NewField, Value, Values

NORTH = "{rosta: {ward: [W1]}}"
NIGHTS = "{clinic: {night: ['true']}}"


@pytest.fixture
def say(world: World) -> Callable[..., None]:
    """Return what writes a ``who:`` into the configuration, and *more* of the use."""
    file = world.folder / "renkei.yaml"
    plain = file.read_text()

    def write(who: str, more: str = "") -> None:
        use = f"use: ./pair.yaml, who: {who}{more}" if who else f"use: ./pair.yaml{more}"
        file.write_text(plain.replace("use: ./pair.yaml", use))

    return write


def notice(world: World, run: Run) -> tuple[str, ...] | None:
    """Return of how many source and target it is told that they are outside."""
    with world.runs() as runs:
        found = [each.about for each in runs.run(run.id).notices if each.code == "outside_scope"]
    assert len(found) < 2
    return found[0] if found else None


def sent(world: World) -> list[tuple[str, Value]]:
    """Return what the rosta was sent: the kind of write, and whose number it was."""
    people = world.rosta.people
    return [(kind, people[who].values["id_no"]) for kind, who, _sent in world.rosta.writes]


# --- what is written in the file ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "place", "told"),
    [
        ("{rostra: {ward: [W1]}}", "rostra:", 'has no side "rostra"; did you mean "rosta"?'),
        ("{rosta: {wart: [W1]}}", "wart:", 'rosta has no field "wart"; did you mean "ward"?'),
        ("{rosta: {}}", "{}}", "name at least one field"),
        ("{rosta: {ward: []}}", "[]", "name at least one value"),
        ("{rosta: {ward: W1}}", "W1}", "a list"),
        ("{rosta: {rank: ['1', '7']}}", "'7'", '"rank" cannot be "7"'),
        ("{rosta: {nights: [yes]}}", "yes", '"yes" does not fit'),
        ("{rosta: {dob: ['1990']}}", "'1990'", '"1990" does not fit'),
        ("{rosta: {number: [A＊]}}", "A＊", 'write "*" in half width'),
        ("{rosta: {number: ['A[12]']}}", "'A[12]'", "only * and ? stand for other characters"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(
    world: World, say: Callable[..., None], who: str, place: str, told: str
) -> None:
    """A side or a field that is not there, no value or a wrong one: before anybody is read."""
    say(who)
    text = (world.folder / "renkei.yaml").read_text()
    line = next(n for n, each in enumerate(text.splitlines(), start=1) if "who:" in each)
    row = text.splitlines()[line - 1]
    with pytest.raises(MappingError) as error:
        world.fetch()
    (problem,) = error.value.problems
    assert told in problem.message
    assert (problem.line, problem.column) == (line, row.index(place) + 1)
    assert not world.rosta.reads
    assert not world.clinic.reads


def test_a_pair_whose_scope_is_wrong_is_not_offered(world: World, say: Callable[..., None]) -> None:
    """The pages show what can be fetched."""
    say("{rosta: {wart: [W1]}}")
    with world.runs() as runs:
        assert runs.pairs() == []
    say(NORTH)
    with world.runs() as runs:
        assert len(runs.pairs()) == 2


@pytest.mark.security(58)
@pytest.mark.parametrize(
    ("written", "place", "told"),
    [
        ("[W1, W7]", "W7", '"ward" cannot be "W7"'),
        ("[Nort]", "Nort", 'did you mean "North"?'),
        ("[Annex]", "Annex", "is the name of several; give one of the codes W3, W4"),
    ],
)
def test_a_value_that_the_system_does_not_know_ends_the_fetch(
    world: World, say: Callable[..., None], written: str, place: str, told: str
) -> None:
    """A typing mistake must not put everybody outside; it is told at its place in the file."""
    say(f"{{rosta: {{ward: {written}}}}}")
    with pytest.raises(MappingError) as error:
        world.fetch()
    (problem,) = error.value.problems
    assert told in problem.message
    row = (world.folder / "renkei.yaml").read_text().splitlines()[problem.line - 1]
    assert row[problem.column - 1 :].startswith(place)
    with world.runs() as runs:
        assert runs.reports() == []


def test_values_are_given_by_name_or_by_code(world: World, say: Callable[..., None]) -> None:
    """Names that the system has at this moment, or that the connector knows; numbers by pattern."""
    world.rosta.specs = tuple(
        evolve(s, allowed_labels=(Label("初級", "junior"), Label("上級", "senior")))
        if s.name == "rank"
        else s
        for s in world.rosta.specs
    )
    for number, ward, rank in (("1", "W1", "1"), ("2", "W2", "1"), ("3", "W1", "2")):
        world.in_clinic(number, grade="junior" if rank == "1" else "senior")
        world.in_rosta(number, ward=ward, rank=rank)
    for who in (
        "{ward: [Ｎorth], rank: [初級]}",
        "{ward: [W1], rank: [junior]}",
        "{number: ['1?', '1']}",
    ):
        say(f"{{rosta: {who}}}")
        run = world.fetch("rosta", "clinic")
        assert [item.number for item in world.items(run)] == ["1"], who
        assert notice(world, run) == ("2", "0")


@pytest.mark.parametrize(
    ("patterns", "number", "inside"),
    [
        (["A*"], "A1", True), (["A*"], "A", True), (["A*"], "BA1", False), (["A*"], "a1", False),
        (["A*"], "Ａ1", False), (["?1"], "A1", True), (["?1"], "1", False), (["1.2"], "1x2", False),
        (["1.2"], "1.2", True), (["B*", "A1"], "A1", True), (["A1", "B*"], "A12", False),
        (["*"], None, True), (["A*"], None, False), (["0012"], "12", False),
    ],
)  # fmt: skip
def test_numbers_are_matched_as_they_are(
    patterns: list[str], number: str | None, inside: bool
) -> None:
    """A star is any characters or none, a question mark is one; nothing is folded or left out."""
    scope = Scope.of([spec("no", role="number")], {"no": patterns})
    assert scope.holds(Employee(id="x", values={"no": number})) is inside


def test_a_value_is_inside_if_one_of_several_is() -> None:
    """Width and spaces do not count; unknown is neither, unless another field says outside."""
    specs = (spec("kind"), spec("flag", type="boolean"))
    scope = Scope.of(specs, {"kind": ["正社員", "A"], "flag": ["true"]})

    def holds(values: Values, others: dict[str, tuple[Value, ...]] | None = None) -> bool | None:
        return scope.holds(Employee(id="x", values=values, others=others or {}))

    assert holds({"kind": " 正社員　", "flag": True}) is True
    assert holds({"kind": "Ａ", "flag": True}) is True
    assert holds({"kind": "嘱託", "flag": True}, {"kind": ("A",)}) is True
    assert holds({"kind": "嘱託", "flag": True}) is False
    assert holds({"kind": None, "flag": True}) is False
    assert holds({"kind": "A"}) is None
    assert holds({"kind": "嘱託"}) is False
    assert holds({"flag": False}) is False


def test_an_address_is_inside_in_capitals_too() -> None:
    """Of an e-mail address capitals do not count, as where they are compared."""
    for said, has in (("Shop@example.jp", "shop@example.jp"), ("a@x.jp", "A@X.jp")):
        scope = Scope.of([spec("mail", role="email")], {"mail": [said]})
        assert scope.holds(Employee(id="x", values={"mail": has})) is True


# --- who is listed --------------------------------------------------------------------------------


@pytest.mark.security(58)
def test_whoever_is_outside_is_neither_listed_nor_compared(
    world: World, say: Callable[..., None]
) -> None:
    """Of the source: not listed, not twice, not left; of the target: no partner. Each counts."""
    say("{clinic: {night: ['true']}, rosta: {ward: [W1]}}")
    world.in_clinic("1")
    world.in_rosta("1", ward="W1")
    world.in_clinic("2", night=False)  # the pair is not for them, and their record is left alone
    world.in_rosta("2", ward="W1", email="other@example.jp")
    world.in_clinic("1", night=False, first="別人")  # the number of somebody inside
    world.in_clinic("3", night=False, until=BASE - dt.timedelta(days=3))  # has left
    world.in_rosta("3", ward="W1")
    run = world.fetch()
    assert [(item.number, item.difference) for item in world.items(run)] == [("1", "same")]
    assert notice(world, run) == ("3", "0")
    with world.runs() as runs:
        found = {each.code for each in runs.run(run.id).notices}
    assert "left_before_base" not in found


def test_fields_that_only_tell_the_scope_are_read_and_not_kept(
    world: World, say: Callable[..., None]
) -> None:
    """No pair has the ward: it is asked for all the same, and is in no plan."""
    say(NORTH)
    world.in_clinic()
    world.in_rosta(ward="W1")
    item = world.item(world.fetch("rosta", "clinic"))
    assert item.difference is Difference.SAME
    assert "ward" not in item.read


@pytest.mark.fault("F96")
def test_a_number_that_somebody_outside_has_is_taken(
    world: World, say: Callable[..., None]
) -> None:
    """Nobody new gets it, and nobody outside is a partner: the number inside is what counts."""
    say(NORTH)
    world.in_clinic("1")
    world.in_rosta("1", ward="W2")
    world.in_clinic("2")
    world.in_rosta("2", ward="W1")
    world.in_rosta("2", ward="W2", given="別人")
    run = world.fetch()
    assert codes(world.item(run, "1").reasons) == ["number_taken"]
    assert world.item(run, "2").difference is Difference.SAME
    assert notice(world, run) == ("0", "2")
    with world.runs() as runs, pytest.raises(UsageError) as error:
        runs.release(run.id, Wish(number="1", why="the same", other="1"))
    assert error.value.code == "blocked"


def test_nobody_outside_is_taken_for_a_twin(world: World, say: Callable[..., None]) -> None:
    """Somebody new whose name and date of birth are those of somebody outside is new."""
    one = world.clinic.people[world.in_clinic("1")].values
    world.in_rosta("x", given=one["first"], dob=one["born"], ward="W2")
    assert codes(world.item(world.fetch(), "1").reasons) == ["same_person"]
    say(NORTH)
    assert world.item(world.fetch(), "1").difference is Difference.NEW


def test_a_record_of_somebody_outside_of_the_source_is_nobodys(
    world: World, say: Callable[..., None]
) -> None:
    """Their number is in use there, so the record does not go on as that of somebody new."""
    say(NIGHTS, ", rehire: reuse")
    one = world.clinic.people[world.in_clinic("1", night=False)].values
    world.in_rosta("1", end=BASE - dt.timedelta(days=9))
    world.in_clinic("2", first=one["first"], born=one["born"])
    item = world.item(world.fetch(), "2")
    assert (item.difference, item.target_id) == (Difference.NEW, None)


@pytest.mark.fault("F96")
@pytest.mark.parametrize("side", ["clinic", "rosta"])
def test_whoever_may_be_outside_is_blocked(
    world: World, say: Callable[..., None], side: str
) -> None:
    """A value that decides it cannot be read: the reason names the system and the field."""
    say("{clinic: {beds: ['3']}, rosta: {ward: [W1]}}")
    ours, theirs = world.in_clinic(), world.in_rosta(ward="W1")
    world.in_clinic("2")
    world.in_rosta("2", ward="W1")
    if side == "clinic":
        forget(world.clinic, ours, "beds")
    else:
        forget(world.rosta, theirs, "ward")
    run = world.fetch()
    (reason,) = world.item(run).reasons
    field = "beds" if side == "clinic" else "ward"
    assert (reason.code, reason.about) == ("scope_unknown", (side, field))
    assert world.item(run, "2").difference is Difference.SAME
    assert notice(world, run) is None


def test_somebody_new_who_may_be_somebody_unsure_is_blocked(
    world: World, say: Callable[..., None]
) -> None:
    """Nobody can release that: it may be a record that the pair is not for."""
    say(NORTH)
    world.in_clinic("1")
    one = world.clinic.find("1")[0].values
    forget(world.rosta, world.in_rosta("9", given=one["first"], dob=one["born"]), "ward")
    run = world.fetch()
    assert codes(world.item(run, "1").reasons) == ["same_person", "scope_unknown"]
    with world.runs() as runs, pytest.raises(UsageError) as error:
        runs.release(run.id, Wish(number="1", why="the same", other="9"))
    assert error.value.code == "blocked"


def test_a_leaver_goes_only_where_the_pair_is_for_them(
    world: World, say: Callable[..., None]
) -> None:
    """Outside: not listed. Unknown: blocked, though a date of leaving passes otherwise."""
    say("{clinic: {night: ['true']}, rosta: {ward: [W1]}}", ", leavers: {rosta: 30}")
    left = BASE - dt.timedelta(days=3)
    for number in ("1", "2", "3"):
        world.in_clinic(number, until=left, night=number != "2")
        world.in_rosta(number, ward="W1")
    forget(world.rosta, world.rosta.find("3")[0].id, "ward")
    world.in_clinic("4", until=left)
    world.in_rosta("4", ward="W2")
    run = world.fetch()
    found = {item.number: (item.difference.value, codes(item.reasons)) for item in world.items(run)}
    assert found == {"1": ("changed", []), "3": ("blocked", ["scope_unknown"])}
    with world.runs() as runs:
        assert "left_before_base" not in {each.code for each in runs.run(run.id).notices}


def test_why_somebody_outside_is_not_listed(world: World, say: Callable[..., None]) -> None:
    """Asked about a number, renkei says that it is the scope, and by which field."""
    say(NIGHTS)
    world.in_clinic("1", night=False)
    world.in_clinic("2")
    run = world.fetch()
    with world.runs() as runs:
        why = runs.why_not_listed(run.id, "1")
        assert why is not None
        assert (why.code, why.about) == ("outside_by_then", ("night",))
        assert runs.why_not_listed(run.id, "2") is None


def test_of_a_fetch_that_failed_nothing_is_explained(world: World) -> None:
    """Nobody was compared, so nobody was left out: it is not said that somebody has changed."""
    world.in_clinic("1")

    def closed(_hook: str, _values: Values) -> None:
        raise UnavailableError("down", again=False)

    world.rosta.trouble = closed
    with pytest.raises(UnavailableError):
        world.fetch()
    with world.runs() as runs:
        [run] = runs.reports()
        with pytest.raises(UsageError) as caught:
            runs.why_not_listed(run.id, "1")
    assert caught.value.code == "over"


def test_a_list_of_people_outside_is_not_empty(world: World, say: Callable[..., None]) -> None:
    """Nobody is told that the system has no employees."""
    say(NORTH)
    world.in_clinic()
    world.in_rosta(ward="W2")
    with world.runs() as runs:
        found = [each.code for each in runs.run(world.fetch().id).notices]
    assert "list_empty" not in found


# --- who would be outside after a sync ------------------------------------------------------------


@pytest.mark.security(58)
def test_somebody_new_has_to_be_inside_by_what_is_chosen(
    world: World, say: Callable[..., None]
) -> None:
    """Another value is a usage error that names the field; only those inside are offered."""
    say("{rosta: {ward: [W1, W3]}}")
    world.in_clinic("1")
    run = world.fetch()
    with world.runs() as runs:
        (field,) = runs.new_fields(run.id)
        assert [choice.code for choice in field.choices] == ["W1", "W3"]
        row = OwnValues(number="1", values={"ward": "W2"}, where="row 2")
        for outside in (
            Selection(numbers=("1",), new={"ward": "South"}),
            Selection(numbers=("1",), new={"ward": "W1"}, own_values=(row,)),
        ):
            with pytest.raises(SeveralErrors) as error:
                runs.choose(run.id, outside)
            assert "(ward): South is outside of the scope (who:)" in error.value.message
        assert runs.selection(run.id) is None
    done = world.sync(run)
    assert done.outcomes is not None
    assert done.outcomes[Outcome.CREATED] == 1
    assert world.items(world.fetch())[0].difference is Difference.SAME


def test_somebody_new_who_cannot_be_inside_is_blocked(
    world: World, say: Callable[..., None]
) -> None:
    """By a value that the mapping writes, or one that nothing fills and nobody can choose."""
    world.in_clinic("1", grade="junior")
    world.in_clinic("2", grade="senior")
    say("{rosta: {rank: ['2']}}")
    run = world.fetch()
    (reason,) = world.item(run, "1").reasons
    assert (reason.code, reason.about) == ("not_in_scope", ("rank",))
    assert world.item(run, "2").difference is Difference.NEW
    say("{clinic: {gone: ['false']}}")
    world.clinic.people.clear()
    world.in_rosta("3")
    assert codes(world.item(world.fetch("rosta", "clinic"), "3").reasons) == ["not_in_scope"]


@pytest.mark.fault("F96")
def test_a_change_that_leads_outside_is_blocked(world: World, say: Callable[..., None]) -> None:
    """The next fetch would not find them any more, and take their number for somebody else's."""
    say("{rosta: {rank: ['2']}}")
    world.in_clinic("1", grade="junior")
    world.in_rosta("1", rank="2")
    assert codes(world.item(world.fetch(), "1").reasons) == ["not_in_scope"]


# --- before and after a write ---------------------------------------------------------------------


def changed(world: World) -> Run:
    """Return a run in which somebody inside is changed, chosen."""
    world.in_clinic("1", mail="new@example.jp")
    world.in_rosta("1", ward="W1")
    run = world.fetch()
    world.choose(run)
    return run


@pytest.mark.fault("F96")
@pytest.mark.parametrize(
    ("ward", "code"), [("W2", "moved_outside"), (None, "moved_outside"), ("?", "scope_unknown")]
)
def test_who_has_moved_outside_since_is_not_written(
    world: World, say: Callable[..., None], ward: str | None, code: str
) -> None:
    """They are looked at right before the write, in the field that tells it, too."""
    say(NORTH)
    run = changed(world)
    (theirs,) = world.rosta.find("1")
    if ward == "?":
        forget(world.rosta, theirs.id, "ward")
    else:
        world.rosta.edit(theirs.id, ward=ward)
    world.resume(run)
    assert world.outcome(run, "1") == (Outcome.FAILED, code)
    assert not world.rosta.writes


def test_the_last_look_reads_what_tells_the_scope(world: World, say: Callable[..., None]) -> None:
    """Also where nothing else reads the field: people still inside are written, and nobody else."""
    say("{rosta: {unit: [A]}}")
    world.rosta.specs = (*world.rosta.specs, spec("unit"))
    for number in ("1", "2"):
        world.in_clinic(number, mail="new@example.jp")
        world.in_rosta(number, unit="A")
    run = world.fetch()
    world.choose(run)
    world.rosta.edit(world.rosta.find("2")[0].id, unit="B")
    world.resume(run)
    assert world.outcome(run, "1") == (Outcome.UPDATED, None)
    assert world.outcome(run, "2") == (Outcome.FAILED, "moved_outside")
    assert sent(world) == [("update", "1")]


def test_who_has_moved_but_has_the_values_is_unchanged(
    world: World, say: Callable[..., None]
) -> None:
    """Nothing is left to be written, so nothing is said."""
    say(NORTH)
    run = changed(world)
    world.rosta.edit(world.rosta.find("1")[0].id, ward="W2", email="new@example.jp")
    world.resume(run)
    assert world.outcome(run, "1") == (Outcome.UNCHANGED, None)


@pytest.mark.fault("F96")
def test_a_plan_keeps_the_scope_that_it_was_made_with(
    world: World, say: Callable[..., None]
) -> None:
    """Somebody who was and is inside is written; one who moved is not, whatever the file says."""
    say(NORTH)
    world.in_clinic("2", mail="new@example.jp")
    world.in_rosta("2", ward="W1")
    run = changed(world)
    world.rosta.edit(world.rosta.find("2")[0].id, ward="W2")
    for later in ("{rosta: {ward: [W2]}}", ""):
        say(later)
        world.resume(run)
        assert world.outcome(run, "1") == (Outcome.UPDATED, None)
        assert world.outcome(run, "2") == (Outcome.FAILED, "moved_outside")
    say("")
    with world.runs() as runs:
        runs.sync(run.id, retry_failed=True)
    assert world.outcome(run, "2") == (Outcome.FAILED, "moved_outside")
    assert sent(world) == [("update", "1")]


def test_values_are_chosen_by_the_scope_of_the_plan(world: World, say: Callable[..., None]) -> None:
    """What the file says since is for the next fetch."""
    say(NORTH)
    world.in_clinic("1")
    run = world.fetch()
    say("{rosta: {ward: [W2]}}")
    with world.runs() as runs:
        (field,) = runs.new_fields(run.id)
        assert [choice.code for choice in field.choices] == ["W1"]
        with pytest.raises(SeveralErrors):
            runs.choose(run.id, Selection(numbers=("1",), new={"ward": "W2"}))


@pytest.mark.fault("F96")
def test_a_number_that_is_taken_outside_meanwhile(world: World, say: Callable[..., None]) -> None:
    """Nobody is created beside them."""
    say(NORTH)
    world.in_clinic("1")
    run = world.fetch()
    world.choose(run)
    world.in_rosta("1", ward="W2")
    world.resume(run)
    assert world.outcome(run, "1") == (Outcome.FAILED, "number_taken")
    assert not world.rosta.writes


@pytest.mark.fault("F96")
@pytest.mark.parametrize("ward", ["W1", "W2"])
def test_a_create_in_doubt_is_not_taken_for_somebody_outside(
    world: World, say: Callable[..., None], ward: str
) -> None:
    """Found inside it is ours; found outside it is not, and is not sent again either."""
    say(NORTH)
    world.in_clinic("1")
    run = world.fetch()
    world.choose(run)

    def lose(_hook: str, _values: Values) -> None:
        for person in world.rosta.find("1"):
            world.rosta.edit(person.id, ward=ward)
        raise UnavailableError("cut off")

    world.rosta.aftermath = lose
    world.resume(run)
    found = (Outcome.CREATED, None) if ward == "W1" else (Outcome.FAILED, "number_taken")
    assert world.outcome(run, "1") == found
    assert sent(world) == [("create", "1")]
    assert world.waiting.seconds < 30, "nobody waits until it could be sent again"


def test_somebody_outside_without_a_number_is_nobody_in_doubt(
    world: World, say: Callable[..., None]
) -> None:
    """A lost create that had no effect is sent again, though somebody outside has the same name."""
    say(NORTH)
    world.in_clinic("1")
    one = world.clinic.find("1")[0].values
    run = world.fetch()
    world.choose(run)
    tries: list[str] = []

    def lose(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            tries.append(hook)
            if len(tries) == 1:
                raise UnavailableError("cut off")

    world.in_rosta(None, given=one["first"], dob=one["born"], ward="W2")
    world.rosta.trouble = lose
    world.resume(run)
    assert world.outcome(run, "1") == (Outcome.CREATED, None)
    assert sent(world) == [("create", "1")]


@pytest.mark.fault("F96")
def test_a_late_resume_leaves_out_who_has_moved_in_the_source(
    world: World, say: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour after the fetch those who are open are read there again, and the scope as well."""
    say("{clinic: {unit: [A]}}")
    world.clinic.specs = (*world.clinic.specs, spec("unit"))
    for number in ("1", "2"):
        world.in_clinic(number, mail="new@example.jp", unit="A")
        world.in_rosta(number)
    run = world.fetch()
    world.choose(run)

    def close(hook: str, values: Values) -> None:
        if hook == "update_employee" and world.rosta.writes:
            raise UnavailableError("closed", code="rate_limit", for_all=True, nothing_done=True)
        del values

    world.rosta.trouble = close
    world.resume(run)
    (open_still,) = [n for n in ("1", "2") if world.outcome(run, n)[0] is not Outcome.UPDATED]
    world.rosta.trouble = lambda _hook, _values: None
    world.clinic.edit(world.clinic.find(open_still)[0].id, unit="B")
    monkeypatch.setenv("RENKEI_NOW", "2026-11-20T14:00:00+09:00")
    world.resume(run)
    assert world.outcome(run, open_still) == (Outcome.FAILED, "source_changed")
    assert len(world.rosta.writes) == 1


# --- releases -------------------------------------------------------------------------------------


def linked(world: World) -> tuple[str, str]:
    """Let a person say that two records of different numbers are one; return both ids."""
    ours = world.in_clinic("1")
    one = world.clinic.people[ours].values
    theirs = world.in_rosta("9", given=one["first"], dob=one["born"], ward="W1")
    run = world.fetch()
    with world.runs() as runs:
        runs.release(run.id, Wish(number="1", why="the same", other="9"))
    assert world.item(world.fetch(), "1").target_id == theirs
    return ours, theirs


def test_a_released_record_that_has_moved_outside_is_no_partner(
    world: World, say: Callable[..., None]
) -> None:
    """Nor is the person new: their record is there. Back inside, the release holds as before."""
    say(NORTH)
    _ours, theirs = linked(world)
    world.rosta.edit(theirs, ward="W2")
    run = world.fetch()
    (reason,) = world.item(run, "1").reasons
    assert (reason.code, reason.about) == ("number_taken", ("9",))
    with world.runs() as runs:
        assert "releases_lapsed" not in {each.code for each in runs.run(run.id).notices}
    world.rosta.edit(theirs, ward="W1")
    assert world.item(world.fetch(), "1").target_id == theirs


def test_a_record_that_is_somebodys_outside_is_nobody_elses(
    world: World, say: Callable[..., None]
) -> None:
    """Somebody new with its number is blocked as another person."""
    say("{clinic: {night: ['true']}, rosta: {ward: [W1]}}")
    ours, _theirs = linked(world)
    world.clinic.edit(ours, night=False)
    one = world.clinic.people[ours].values
    world.in_clinic("9", first=one["first"], born=one["born"])
    assert codes(world.item(world.fetch(), "9").reasons) == ["other_person"]


@pytest.mark.security(58)
def test_a_person_cannot_name_a_record_outside(world: World, say: Callable[..., None]) -> None:
    """A record said to be the same person has to be inside, too."""
    say(NORTH)
    world.in_clinic("1")
    one = world.clinic.find("1")[0].values
    world.in_rosta("2", given=one["first"], ward="W1", dob=one["born"])
    world.in_rosta("3", ward="W2")
    run = world.fetch()
    with world.runs() as runs, pytest.raises(UsageError) as error:
        runs.release(run.id, Wish(number="1", why="the same", other="3"))
    assert error.value.code == "unknown_number"


# --- the laws -------------------------------------------------------------------------------------

ALL_OF_THEM = "{clinic: {number: ['*']}, rosta: {number: ['*']}}"


@pytest.mark.security(58)
@sampled
@law
@given(rosters=ROSTERS, direction=DIRECTIONS)
def test_a_plan_with_everybody_inside_is_the_plan_without_a_scope(
    world: World,
    say: Callable[..., None],
    rosters: tuple[list[dict[str, Value]], ...],
    direction: tuple[str, str],
) -> None:
    """Items, counts and notices are the same."""
    with filled(world, rosters):  # type: ignore[arg-type]
        plans = []
        for who in ("", ALL_OF_THEM):
            say(who)
            run = fetched(world, direction)
            with world.runs() as runs:
                now = runs.run(run.id)
                found = [each for each in now.notices if each.code != "account_named"]
                plans.append((list(runs.items(run.id)), now.counts, found))
        assert plans[0] == plans[1]


@pytest.mark.security(58)
@sampled
@law
@given(
    rosters=ROSTERS,
    direction=DIRECTIONS,
    who=st.sampled_from([("?", ""), ("*1", ""), ("?", ", ward: [W1]"), ("4", ", ward: [W1]")]),
)
def test_nobody_outside_is_ever_written(
    world: World,
    say: Callable[..., None],
    rosters: tuple[list[dict[str, Value]], ...],
    direction: tuple[str, str],
    who: tuple[str, str],
) -> None:
    """Not in the source, not in the target; and everybody written is inside on both sides."""
    pattern, ward = who
    sides = "{clinic: {number: ['%s', known], night: ['true']}, rosta: {number: ['%s', known]%s}}"
    with filled(world, rosters):  # type: ignore[arg-type]
        say(sides % (pattern, pattern, ward))
        world.rosta.edit(world.rosta.find("known")[0].id, ward="W1")
        with world.runs() as runs:
            pairing = runs._ground.pairings.between(*direction)
        ours, theirs = pairing.scopes
        source = world.clinic if direction[0] == "clinic" else world.rosta
        target = target_of(world, direction)
        before = dict(target.people)
        run = fetched(world, direction)
        world.sync(run)
        for kind, person, _values in target.writes:
            assert theirs.holds(target.people[person]) is True
            assert kind == "create" or theirs.holds(before[person]) is True
        for item in world.items(run):
            if item.outcome in (Outcome.CREATED, Outcome.UPDATED):
                assert ours.holds(source.people[item.source_id]) is True


def test_the_choices_inside_are_those_of_the_field() -> None:
    """A field of which the scope says nothing keeps all of them."""
    ward = spec("ward", required=True)
    scope = Scope.of([ward], {"ward": ["W2"]})
    wards = NewField("ward", ward.label, (Choice("W1", "North"), Choice("W2", "South")))
    assert [choice.code for choice in scope.narrowed(wards).choices] == ["W2"]
    other = NewField("kind", ward.label, wards.choices)
    assert scope.narrowed(other) == other
