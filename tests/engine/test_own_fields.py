"""Fields that only one account has, roles in the place of fields, roles that are lacking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

import pytest
from tests.engine.world import CLINIC, ROSTA, World, spec

from renkei.connector import FieldSpec, hookimpl
from renkei.errors import AccessError, ConfigurationError, Hint, MappingError, UsageError
from renkei.mapping import check_mapping, parse_mapping, unchecked
from renkei.mapping.check import Beyond
from renkei.model import Difference, Run, Status
from renkei.testing import MemoryConnector, installed

SHOE = spec("shoe")
DESK = FieldSpec(name="desk", label=SHOE.label, type="integer", allowed=None, max_length=None)
PAIR = "  - {{pair: [mail, {name}]{more}}}\n"


class Own(MemoryConnector):
    """A system with fields that its connector has to ask for."""

    own: tuple[FieldSpec, ...] = (SHOE, DESK)

    @hookimpl
    def fields(self) -> Sequence[FieldSpec]:
        return ROSTA

    @hookimpl
    def discover(self) -> Sequence[FieldSpec]:
        self._system.reads.append("discover")
        return self.own


@pytest.fixture
def own(world: World) -> Iterator[World]:
    """The rosta as such a system; somebody new is in the clinic."""
    world.in_clinic()
    with plug(world):
        yield world


def plug(world: World, *own: FieldSpec) -> AbstractContextManager[None]:
    """Let the rosta have other fields of its own."""
    kind = type("Other", (Own,), {"own": own} if own else {})
    return installed(rosta=lambda _connection: kind(world.rosta))


def pair(world: World, name: str, more: str = "") -> None:
    """Let the mapping pair the clinic's address with this field."""
    text = world.files["pair.yaml"].replace("  - {pair: [mail, email]}\n", "")
    (world.folder / "pair.yaml").write_text(text + PAIR.format(name=name, more=more))


def refreshed(world: World) -> tuple[list[str], list[str]]:
    """Read the fields of the rosta; return those it has, and those that are gone."""
    with world.runs() as runs:
        found = runs.refresh("rosta")
    return [each.name for each in found.specs], sorted(found.gone)


def test_a_field_of_the_account_is_synced_once_it_is_known(own: World) -> None:
    """Before that the mistake says how to make it known; afterwards it is a field as any."""
    pair(own, "shoe")
    with pytest.raises(MappingError, match=r'no field "shoe"; the account') as mistake:
        own.fetch()
    assert mistake.value.hint == Hint("refresh", {"connection": "rosta"})
    assert refreshed(own) == (["shoe", "desk"], [])
    own.sync(own.fetch())
    ((_kind, _id, values),) = own.rosta.writes
    assert values["shoe"] == "sakura@example.jp"
    assert own.rosta.reads.count("discover") == 1


@pytest.mark.parametrize("more", ["", ", optional: true"])
def test_a_pair_whose_field_is_gone_is_a_mistake(own: World, more: str) -> None:
    """It is never left out in silence, not even an optional one."""
    pair(own, "shoe", more)
    refreshed(own)
    with plug(own, DESK):
        assert refreshed(own) == (["desk"], ["shoe"])
        assert refreshed(own) == (["desk"], ["shoe"])
        with pytest.raises(MappingError, match='rosta had the field "shoe", but it is gone'):
            own.fetch()
        with own.runs() as runs:
            assert runs.pairs() == []
    assert refreshed(own) == (["shoe", "desk"], [])
    assert own.fetch().status is Status.READY


def test_a_plan_keeps_the_fields_it_was_made_with(own: World) -> None:
    """A run of before can be explained when its field is gone, but not be synced any more."""
    pair(own, "shoe")
    refreshed(own)
    run = own.fetch()
    own.choose(run)
    with plug(own, DESK):
        refreshed(own)
        with own.runs() as runs:
            _item, steps = runs.explain(run.id, "0417")
            assert runs.labels(run.id).spec("shoe", "rosta") == SHOE
            with pytest.raises((UsageError, ConfigurationError)):
                runs.sync(run.id)
    assert "shoe" in [step.target_field for step in steps]
    assert own.rosta.writes == []


def test_a_plan_of_a_field_that_has_changed_is_not_synced(own: World) -> None:
    """What was text and is a number now is another field."""
    pair(own, "shoe")
    refreshed(own)
    run: Run = own.fetch()
    own.choose(run)
    with plug(own, spec("shoe", write="create")):
        refreshed(own)
        with own.runs() as runs, pytest.raises(UsageError, match="mapping"):
            runs.sync(run.id)


def test_the_fields_of_one_account_are_not_those_of_another(
    own: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection with another token is asked anew."""
    pair(own, "shoe")
    refreshed(own)
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "another")
    with pytest.raises(ConfigurationError, match="another account") as refused:
        own.fetch()
    assert refused.value.hint == Hint("refresh", {"connection": "rosta"})
    refreshed(own)
    assert own.fetch().counts[Difference.NEW] == 1


def test_who_has_no_fields_of_its_own_says_so(world: World) -> None:
    """Nothing is asked, and no store is made."""
    with world.runs() as runs, pytest.raises(UsageError, match="knows no fields"):
        runs.refresh("rosta")
    assert not (world.folder / "reports.db").exists()


# --- roles --------------------------------------------------------------------------------------

ROLES = """\
sides: [clinic, rosta]
fields:
  - {pair: ["@number", "@number"]}
  - {pair: [surname, "@family_name"]}
  - {pair: ["@given_name", given]}
  - {pair: ["@hired", "@hired"]}
  - {pair: [mail, "@email"], optional: true}
"""


def test_a_pair_may_name_a_role(world: World) -> None:
    """It means the field with that role; an optional one without such a field is left out."""
    world.in_clinic()
    (world.folder / "pair.yaml").write_text(ROLES)
    world.sync(world.fetch())
    ((_kind, _id, values),) = world.rosta.writes
    assert values == {
        "id_no": "0417",
        "family": "佐倉",
        "given": "みなと",
        "start": dt.date(2020, 4, 1),
        "ward": "W1",
    }


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("@famly_name", 'there is no role "famly_name"; did you mean "family_name"?'),
        ("@retired", 'rosta has no field with the role "retired"'),
        ("given", '"given" of rosta is already written by a pair above'),
    ],
)
def test_a_role_that_cannot_be_meant_is_a_mistake(name: str, told: str) -> None:
    """A misspelt one, one that the side lacks, and a field that is meant twice."""
    text = ROLES + f'  - {{pair: [born, "{name}"]}}\n'
    text = text.replace("given]}", '"@given_name"]}')
    with pytest.raises(MappingError) as caught:
        check_mapping(parse_mapping(text, "m.yaml"), {"clinic": CLINIC, "rosta": ROSTA})
    assert told in [each.message for each in caught.value.problems]
    assert all(each.line == 8 for each in caught.value.problems)


def test_a_misspelt_role_is_told_of_an_optional_pair_too() -> None:
    """Leaving it out would be silent."""
    text = ROLES.replace("@email", "@mail")
    with pytest.raises(MappingError, match='no role "mail"'):
        check_mapping(parse_mapping(text, "m.yaml"), {"clinic": CLINIC, "rosta": ROSTA})


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ('{pair: ["@given_name", "@given_name"], eqal: kana}', "eqal"),
        ('{pair: ["@given_name", "@retired"], eqal: kana}', 'no field with the role "retired"'),
    ],
)
def test_a_pair_with_another_mistake_may_name_a_role(broken: str, told: str) -> None:
    """What is told of a role is told because the side lacks it."""
    text = ROLES.replace('{pair: ["@given_name", given]}', broken)
    fields = {"clinic": CLINIC, "rosta": ROSTA}
    with pytest.raises(MappingError, match=told) as caught:
        parse_mapping(text, "m.yaml", fields_of=fields.__getitem__)
    said = [each.message for each in caught.value.problems]
    assert len(said) == 1 + ("retired" in broken)
    assert not any("given_name" in each for each in said)


STAND_IN = """\
substitute:
  clinic:
    - {if_filled: reading, "@family_name": reading}
  rosta:
    - {if_filled: "@given_name", "@family_name": "@given_name"}
"""


def test_a_substitute_may_name_a_role(world: World) -> None:
    """In each of its places, also where the mapping has another mistake."""
    world.in_clinic(reading="サクラ")
    (world.folder / "pair.yaml").write_text(ROLES + STAND_IN)
    world.sync(world.fetch())
    ((_kind, _id, values),) = world.rosta.writes
    assert values["family"] == "サクラ"
    broken = (ROLES + STAND_IN).replace("- {if", "- {when: x, if")
    with pytest.raises(MappingError) as caught:
        parse_mapping(broken, "m.yaml", fields_of={"clinic": CLINIC, "rosta": ROSTA}.__getitem__)
    assert ["setting" in each.message for each in caught.value.problems] == [True, True]


def test_a_role_that_a_substitute_cannot_mean_is_a_mistake() -> None:
    """A misspelt one, and one that the side lacks."""
    text = ROLES + STAND_IN.replace('"@given_name", "@f', '"@givn_name", "@f')
    text = text.replace('"@family_name": "@given_name"', '"@family_name": "@retired"')
    with pytest.raises(MappingError) as caught:
        check_mapping(parse_mapping(text, "m.yaml"), {"clinic": CLINIC, "rosta": ROSTA})
    assert {each.message for each in caught.value.problems} == {
        'there is no role "givn_name"; did you mean "given_name"?',
        'rosta has no field with the role "retired"',
    }


def test_what_a_substitute_names_and_nobody_knows_is_said() -> None:
    """It was not checked, as the account was not asked; a role that is known was."""
    text = ROLES + STAND_IN.replace(": reading}", ": nick}")
    fields = {"clinic": CLINIC, "rosta": ROSTA}
    beyond = {"clinic": Beyond(more=True)}
    mapping = parse_mapping(text, "m.yaml")
    check_mapping(mapping, fields, beyond=beyond)
    assert unchecked(mapping, fields, beyond) == {"clinic": ("nick",)}


# --- without ------------------------------------------------------------------------------------


def test_a_role_that_an_account_lacks_is_said_in_the_configuration(world: World) -> None:
    """Its field is unknown for everybody: the fetch stops, until the file says that it may be."""
    for number in ("0417", "0418"):
        world.in_clinic(number)
        world.in_rosta(number)
    for person in world.rosta.people.values():
        del person.values["dob"]  # type: ignore[attr-defined]
    with pytest.raises(AccessError, match=r"without: \[birth\]"):
        world.fetch()
    file = world.folder / "renkei.yaml"
    line = "connector: rosta\n    without: [birth]"
    file.write_text(file.read_text().replace("connector: rosta", line))
    run = world.fetch()
    assert run.counts[Difference.SAME] == 2
    assert "field_unknown" in [notice.code for notice in run.notices]


@pytest.mark.parametrize("word", ["brith", "number"])
def test_what_no_account_can_lack_is_refused(world: World, word: str) -> None:
    """A misspelt role, and the number: without it nobody could be told from anybody."""
    file = world.folder / "renkei.yaml"
    line = f"connector: rosta\n    without: [{word}]"
    file.write_text(file.read_text().replace("connector: rosta", line))
    with pytest.raises(MappingError, match=r"renkei.yaml:9:15: without: expected"):
        world.fetch()
