"""Several companies in one file: only the pairs that somebody has declared exist."""

from __future__ import annotations

import re
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from attrs import define, field
from tests.engine.world import MAPPING, PERSON

from renkei.errors import ConfigurationError, MappingError, UsageError
from renkei.model import Difference, Selection, Status
from renkei.testing import MemoryConnector, MemorySystem, installed
from renkei.yamlfile.files import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.engine.world import World

    from renkei.http.connection import Connection

SWITCHED = MAPPING.replace(
    "fields:",
    "settings: {readings: {default: false, label: {ja: 読み, en: Use readings}}}\nfields:",
) + (
    "substitute:\n  clinic:\n"
    "    - {when: readings, if_filled: reading, surname: reading, first: reading}\n"
)
TWINS = """\
sides: {old: clinic, new: clinic}
fields:
  - {pair: [badge, badge]}
  - {pair: [surname, surname]}
  - {pair: [first, first]}
  - {pair: [reading, reading], to: {new: {empty: clear}}}
"""
BOTH = "  - {use: ./pair.yaml, sides: {clinic: a_hr, rosta: a_kot}}\n"
BOTH_B = "  - {use: ./pair.yaml, sides: {clinic: b_hr, rosta: b_kot}, settings: {readings: true}}\n"


@define
class Companies:
    """A world with several systems of each kind, by the names of their connections."""

    world: World
    systems: dict[str, MemorySystem] = field(factory=dict)

    def configure(self, uses: str = "", **connections: str) -> None:
        """Write renkei.yaml with these connections, each of a kind, and the uses."""
        lines = ["connections:"]
        for port, (name, kind) in enumerate(connections.items(), start=1):
            lines.append(
                f'  {name}: {{connector: {kind}, base_url: "http://127.0.0.1:{port}",'
                ' token: "env:RENKEI_TEST_TOKEN"}'
            )
            like = self.world.clinic if kind == "clinic" else self.world.rosta
            self.systems.setdefault(name, MemorySystem(like.specs, choices=like.choices))
        text = "\n".join(lines) + f"\nmappings:{'' if uses else ' []'}\n{uses}store: reports.db\n"
        (self.world.folder / "renkei.yaml").write_text(text)

    def two(self, uses: str = "") -> None:
        """Configure two companies."""
        self.configure(uses, a_hr="clinic", a_kot="rosta", b_hr="clinic", b_kot="rosta")

    def pairs(self) -> list[tuple[str, str]]:
        """Return what can be fetched."""
        with self.world.runs() as runs:
            return [(pair.source, pair.target) for pair in runs.pairs()]

    def refused(self, source: str, target: str) -> UsageError:
        """Fetch a pair that is not declared; nobody is asked anything, and no run is left."""
        with pytest.raises(UsageError) as caught:
            self.world.fetch(source, target)
        assert (caught.value.exit_code, caught.value.code) == (2, "not_paired")
        assert not any(system.reads for system in self.systems.values())
        with self.world.runs() as runs:
            assert runs.reports() == []
        return caught.value


@pytest.fixture
def companies(world: World) -> Iterator[Companies]:
    """Return a world whose connectors have a system for each connection."""
    made = Companies(world)
    (world.folder / "pair.yaml").write_text(SWITCHED)
    (world.folder / "twins.yaml").write_text(TWINS)

    def connect(at: Connection) -> MemoryConnector:
        spare = {"clinic": world.clinic, "rosta": world.rosta}[at.connector]
        offline = at.base_url.startswith("https")
        return MemoryConnector(spare if offline else made.systems[at.name])

    with installed(clinic=connect, rosta=connect):
        yield made


def both(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    return [way for pair in pairs for way in (pair, pair[::-1])]


def test_another_companys_system_is_no_target(companies: Companies) -> None:
    """Each company goes to its own system, with its own settings; a mixture is refused."""
    companies.two(BOTH + BOTH_B)
    world = companies.world
    assert companies.pairs() == both(("a_hr", "a_kot"), ("b_hr", "b_kot"))
    for pair in permutations(("a_hr", "a_kot", "b_hr", "b_kot"), 2):
        if pair not in companies.pairs() and pair[0][-2:] != pair[1][-2:]:
            assert pair[0] in companies.refused(*pair).message
    for name in ("a_hr", "b_hr"):
        companies.systems[name].add(**{**PERSON, "badge": "1"})
    fetched = [world.fetch(f"{company}_hr", f"{company}_kot") for company in "ab"]
    assert [dict(run.settings) for run in fetched] == [{"readings": False}, {"readings": True}]
    names = [world.item(run, "1").after["family"] for run in fetched]
    assert names == ["佐倉", "サクラ"]
    with world.runs() as runs:
        on = [runs.switches(f"{company}_hr", f"{company}_kot")["readings"][1] for company in "ab"]
    assert on == [False, True]


@pytest.mark.parametrize("where", ["instead", "below", "nothing there"])
def test_the_lines_that_are_told_declare_the_pair(companies: Companies, where: str) -> None:
    """Pasted as they are, they let exactly this pair be fetched, and keep the settings."""
    old = "" if where == "nothing there" else "  - {use: ./pair.yaml, settings: {readings: true}}\n"
    companies.two(old or "  - {use: ./pair.yaml}\n")
    lines = companies.refused("b_kot", "b_hr").message.partition("mappings:\n")[2]
    path = companies.world.folder / "renkei.yaml"
    text = path.read_text()
    if where == "instead":
        path.write_text(text.replace(old, lines + "\n"))
    else:
        path.write_text(text.replace("mappings:\n", f"mappings:\n{lines}\n"))
    assert companies.pairs() == both(("b_hr", "b_kot"))
    run = companies.world.fetch("b_kot", "b_hr")
    assert run.status is Status.READY
    assert run.settings == {"readings": bool(old)}


def test_lines_to_paste_quote_what_yaml_would_misread(companies: Companies) -> None:
    """The file of a mapping may be called anything."""
    odd = companies.world.folder / "a, {b}: #c.yaml"
    odd.write_text(SWITCHED)
    companies.two('  - {use: "a, {b}: #c.yaml"}\n')
    lines = companies.refused("a_hr", "a_kot").message.partition("mappings:\n")[2]
    companies.two(lines + "\n")
    assert companies.pairs() == both(("a_hr", "a_kot"))


def test_two_of_a_kind_are_a_pair_only_by_name(companies: Companies) -> None:
    """The lines for them say which one is the first side."""
    twins = "  - {use: ./twins.yaml}\n"
    companies.configure(twins, east="clinic", west="clinic", north="clinic")
    assert companies.pairs() == []
    told = companies.refused("west", "east").message
    assert "sides: {old: west, new: east}" in told
    companies.configure(twins, old="clinic", new="clinic", third="clinic")
    assert companies.pairs() == both(("old", "new"))
    companies.refused("old", "third")


@pytest.mark.parametrize(
    ("uses", "connections", "pairs"),
    [
        ("  - {use: ./pair.yaml}\n", {"x": "clinic", "y": "rosta"}, [("x", "y")]),
        ("  - {use: ./pair.yaml}\n", {"clinic": "clinic", "b": "clinic", "y": "rosta"},
         [("clinic", "y")]),
        ("  - {use: ./pair.yaml, sides: {clinic: b}}\n",
         {"clinic": "clinic", "b": "clinic", "y": "rosta"}, [("b", "y")]),
        ("  - {use: ./pair.yaml, sides: {clinic: a}}\n  - {use: ./pair.yaml, sides: {clinic: b}}\n",
         {"a": "clinic", "b": "clinic", "y": "rosta"}, [("a", "y"), ("b", "y")]),
        ("  - {use: ./pair.yaml}\n", {"x": "clinic", "z": "clinic"}, []),
        ("  - {use: ./pair.yaml}\n  - {use: ./twins.yaml, sides: {old: x, new: z}}\n",
         {"x": "clinic", "z": "clinic", "y": "rosta"}, [("x", "z")]),
        ("  - {use: ./pair.yaml}\n", {"rosta": "clinic", "clinic": "rosta"}, [("rosta", "clinic")]),
    ],
    ids=["one of each", "called like the side", "named before called", "one of them in two",
         "kinds that are not there", "a chain", "called like the other side"],
)  # fmt: skip
def test_what_a_use_pairs(
    companies: Companies,
    uses: str,
    connections: dict[str, str],
    pairs: list[tuple[str, str]],
) -> None:
    """What sides name, else what is called like a side, else the only one of its kind."""
    companies.configure(uses, **connections)
    assert companies.pairs() == both(*pairs)
    for pair in permutations(connections, 2):
        if pair in both(*pairs):
            assert companies.world.fetch(*pair).status is Status.READY
        else:
            with pytest.raises((UsageError, ConfigurationError)) as caught:
                companies.world.fetch(*pair)
            assert caught.value.code in ("not_paired", "no_mapping")


@pytest.mark.parametrize(
    ("sides", "column", "told"),
    [
        ("{clinic: a_kot, rosta: b_kot}", 40, "a_kot is a connection of rosta"),
        ("{clinic: a_hr, rostq: a_kot}", 46, 'no side "rostq"; did you mean "rosta"?'),
        ("{clinic: a_hr, rosta: a_hr}", 53, "a_hr is a connection of clinic"),
    ],
)
def test_a_side_that_is_wrong_is_told_with_its_place(
    companies: Companies, sides: str, column: int, told: str
) -> None:
    """Nobody guesses what was meant; the other pairs are shown all the same."""
    companies.two(f"{BOTH_B}  - {{use: ./pair.yaml, sides: {sides}}}\n")
    assert companies.pairs() == both(("b_hr", "b_kot"))
    for pair in (("a_hr", "a_kot"), ("b_hr", "b_kot")):
        with pytest.raises(MappingError) as caught:
            companies.world.fetch(*pair)
        assert re.search(rf"renkei\.yaml:8:{column}: .*{re.escape(told)}", caught.value.message)


def test_a_connection_is_not_both_sides(companies: Companies) -> None:
    """Two of a kind are two."""
    companies.two("  - {use: ./twins.yaml, sides: {old: a_hr, new: a_hr}}\n")
    with pytest.raises(MappingError, match="both sides are the same"):
        companies.world.fetch("a_hr", "b_hr")


def test_a_pair_in_two_uses_is_refused_with_both_places(companies: Companies) -> None:
    """Whatever the mappings: nobody could tell which one was used."""
    companies.two(BOTH + BOTH_B + BOTH.replace("pair.yaml", "other.yaml"))
    (companies.world.folder / "other.yaml").write_text(SWITCHED)
    for pair in both(("a_hr", "a_kot")):
        with pytest.raises(ConfigurationError, match="2 mappings fit") as caught:
            companies.world.fetch(*pair)
        assert caught.value.code == "no_mapping"
        assert re.search(r"renkei\.yaml:7:5, .*renkei\.yaml:9:5", caught.value.message)
    assert companies.pairs() == both(("b_hr", "b_kot"))


def test_a_setting_is_changed_for_its_use_only(companies: Companies) -> None:
    """Of two uses of one mapping the other one keeps what it has."""
    companies.two(BOTH + BOTH_B)
    with companies.world.runs() as runs:
        runs.change_setting(1, "readings", on=False)
    with companies.world.runs() as runs:
        runs.change_setting(0, "readings", on=True)
    with companies.world.runs() as runs:
        assert runs.switches("a_hr", "a_kot")["readings"][1] is True
        assert runs.switches("b_kot", "b_hr")["readings"][1] is False


def run_of_a_pair_that_is_gone(companies: Companies, *, forgotten: bool) -> str:
    """Fetch and choose, then take the pair out of the file, or the connections with it."""
    world = companies.world
    companies.two(BOTH + BOTH_B)
    companies.systems["a_hr"].add(**{**PERSON, "badge": "1"})
    run = world.fetch("a_hr", "a_kot")
    if forgotten:
        companies.configure(
            "  - {use: ./pair.yaml, sides: {clinic: b_hr, rosta: b_kot}}\n",
            b_hr="clinic", b_kot="rosta",
        )  # fmt: skip
    else:
        companies.two(BOTH_B)
    return run.id


@pytest.mark.parametrize("forgotten", [False, True], ids=["still connected", "gone altogether"])
def test_a_run_of_a_pair_that_is_gone_can_be_read(companies: Companies, *, forgotten: bool) -> None:
    """Report, plan and explanation are there; nothing can be chosen or sent."""
    run_id = run_of_a_pair_that_is_gone(companies, forgotten=forgotten)
    with companies.world.runs() as runs:
        run = runs.run(run_id)
        assert run.counts[Difference.NEW] == 1
        assert [item.number for item in runs.items(run_id)] == ["1"]
        assert runs.labels(run_id).target == "a_kot"
        item, steps = runs.explain(run_id, "1")
        assert item.after["family"] == "佐倉"
        assert steps[1].source_field == "surname"
        assert not runs.is_current(run)
        everybody = Selection(differences=frozenset({Difference.NEW}), new={"ward": "W1"})
        with pytest.raises(UsageError):
            runs.choose(run_id, everybody)
        with pytest.raises(UsageError):
            runs.new_fields(run_id)
    assert companies.systems["a_kot"].writes == []


def test_the_direction_of_twins_is_known_without_their_use(companies: Companies) -> None:
    """Two of a kind whose use is gone: which one was the source is in the store."""
    uses = "  - {use: ./twins.yaml, sides: {old: b_hr, new: a_hr}}\n"
    companies.two(uses)
    companies.systems["a_hr"].add(**{**PERSON, "badge": "1", "reading": None})
    companies.systems["b_hr"].add(**{**PERSON, "badge": "1", "surname": "森"})
    run = companies.world.fetch("a_hr", "b_hr")
    companies.two()
    with companies.world.runs() as runs:
        _item, steps = runs.explain(run.id, "1")
    assert [step.verdict for step in steps] == ["same", "differs", "same", "kept"]


def test_each_mapping_file_is_read_once(
    companies: Companies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred pairs of thirty kinds of files cost thirty looks, not forty thousand."""
    count = 200
    connections = {f"{kind[0]}{n}": kind for n in range(count) for kind in ("clinic", "rosta")}
    for n in range(30):
        (companies.world.folder / f"m{n}.yaml").write_text(SWITCHED)
    uses = "".join(
        f"  - {{use: ./m{n % 30}.yaml, sides: {{clinic: c{n}, rosta: r{n}}}}}\n"
        for n in range(count)
    )
    companies.configure(uses, **connections)
    read: list[str] = []

    def counted(path: Path) -> str:
        read.append(path.name)
        return read_file(path)

    monkeypatch.setattr("renkei.mapping.load.read_file", counted)
    assert len(companies.pairs()) == 2 * count
    assert len(read) == len(set(read)) == 30


def test_the_check_tells_of_pairs(companies: Companies) -> None:
    """Which use is for whom; one that is for nobody; two that are for the same."""

    def found(uses: str) -> list[list[tuple[str, str]]]:
        companies.two(uses)
        with companies.world.runs() as runs:
            checked = [each for each in runs.check() if each.subject.endswith(".yaml")]
        return [[(one.level, one.message) for one in each.findings] for each in checked]

    (sound,) = found(BOTH)
    assert sound[1] == ("ok", "It is for a_hr and a_kot.")
    (alone,) = found("  - {use: ./pair.yaml}\n")
    assert [level for level, _message in alone] == ["problem"]
    assert "sides: {clinic: …, rosta: …}" in alone[0][1]
    _first, spare = found(BOTH + "  - {use: ./pair.yaml}\n")
    assert spare[1][0] == "warning"
    first, second = found(BOTH + BOTH)
    assert [first[0][0], second[0][0]] == ["problem", "problem"]
    ((wrong,),) = found(BOTH.replace("use: ./pair.yaml,", "use: ./pair.yaml, settings: {x: true},"))
    assert wrong[0] == "problem"


def test_a_sync_of_one_company_leaves_the_other_alone(companies: Companies) -> None:
    """From the systems' own journals."""
    companies.two(BOTH + BOTH_B)
    for name in ("a_hr", "b_hr"):
        companies.systems[name].add(**{**PERSON, "badge": "1"})
    run = companies.world.fetch("a_hr", "a_kot")
    with companies.world.runs() as runs:
        new = frozenset({Difference.NEW})
        runs.choose(run.id, Selection(differences=new, new={"ward": "W1"}))
    assert companies.world.resume(run).status is Status.DONE
    assert [kind for kind, *_rest in companies.systems["a_kot"].writes] == ["create"]
    assert companies.systems["b_kot"].writes == []
