"""The audit log: every act has a line, no line changes unseen, and nothing personal is in one."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_companies import two_companies
from tests.engine.world import World

from renkei.companies import Companies
from renkei.config import load_config, load_main
from renkei.errors import NoRoomError, RenkeiError, UsageError
from renkei.model import Difference, Selection, Status, Wish
from renkei.runs import Runs
from renkei.store import audit
from renkei.store.store import Store
from renkei.store.tables import audit as table
from renkei.words.acts import ACTS, FACTS, act_text, facts_text

ROWS = 6
Row = dict[str, Any]
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "line": st.integers(1, ROWS + 2),
    "at": st.sampled_from(["2026-11-29T09:00:00.000000+00:00", ""]),
    "who": st.text(max_size=3),
    "act": st.sampled_from(["fetched", "chosen", "synced"]),
    "run": st.sampled_from([None, "1", "2"]),
    "facts": st.sampled_from(["{}", '{"count": 1}', '{"count": 2}']),
    "hash": st.sampled_from(["0" * 64, ""]),
}


def log() -> list[Row]:
    """Return a log as it was written."""
    rows: list[Row] = []
    last = audit.FIRST
    for line in range(1, ROWS + 1):
        row: Row = {
            "company": "", "line": line, "at": f"2026-11-29T08:00:0{line}.000000+00:00",
            "who": "keiko (k@pc)", "act": "chosen", "run": "1", "facts": f'{{"count": {line}}}',
        }  # fmt: skip
        last = row["hash"] = audit.hashed(last, row)
        rows.append(row)
    return rows


WHOLE = log()
END = (ROWS, WHOLE[-1]["hash"])


def faults(rows: list[Row], end: tuple[int, str] | None = END) -> list[str]:
    """Return what is found in a log."""
    return [each.kind for each in audit.checked(iter(rows), end, None).faults]  # type: ignore[arg-type]


@st.composite
def tampered(draw: st.DrawFn) -> list[Row]:
    """Return the log with one line removed, changed or put elsewhere, or with its end cut off."""
    rows = [dict(row) for row in WHOLE]
    at = draw(st.integers(0, ROWS - 1))
    match draw(st.sampled_from(["remove", "renumber", "change", "rehash", "swap", "cut", "add"])):
        case "remove":
            del rows[at]
        case "renumber":
            del rows[at]
            rows = [{**row, "line": line} for line, row in enumerate(rows, 1)]
        case "change" | "rehash" as how:
            name = draw(st.sampled_from(sorted(COLUMNS)))
            rows[at][name] = draw(COLUMNS[name].filter(lambda value: value != rows[at][name]))
            if how == "rehash" and name != "hash":
                before = rows[at - 1]["hash"] if at else audit.FIRST
                rows[at]["hash"] = audit.hashed(before, rows[at])
            rows.sort(key=lambda row: int(row["line"]))
        case "swap":
            other = draw(st.integers(0, ROWS - 1).filter(lambda each: each != at))
            first, second = rows[at], rows[other]
            rows[at], rows[other] = ({**second, "line": at + 1}, {**first, "line": other + 1})
        case "cut":
            del rows[at:]
        case _:
            more = {**rows[-1], "line": ROWS + 1}
            rows.append({**more, "hash": audit.hashed(rows[-1]["hash"], more)})
    return rows


@pytest.mark.fault("F98")
@pytest.mark.security(29)
@given(tampered())
def test_any_single_change_is_found(rows: list[Row]) -> None:
    """Removed, renumbered, changed, hashed anew, swapped, cut off at the end, added to."""
    assert faults(rows)
    assert faults(WHOLE) == []


@pytest.mark.fault("F98")
def test_what_is_wrong_is_told_by_line() -> None:
    """The line itself, the one that is not there, or the end; a lost head is a lost end."""
    changed = [dict(row) for row in WHOLE]
    changed[2]["who"] = "somebody else"
    found = audit.checked(iter(changed), END, None)  # type: ignore[arg-type]
    assert [(each.line, each.kind) for each in found.faults] == [(3, "changed")]
    assert faults([*WHOLE[:2], *WHOLE[3:]]) == ["missing"]
    assert faults(WHOLE[:4]) == ["end"]
    assert faults(WHOLE, None) == ["end"]
    assert faults([], END) == ["end"]
    assert faults([], None) == []


@pytest.mark.security(29)
def test_a_chain_that_is_written_anew_is_found_by_a_head_that_was_noted() -> None:
    """Rewriting the lines and the head of the store does not rewrite a note elsewhere."""
    rows, last = [dict(row) for row in WHOLE], audit.FIRST
    rows[1]["who"] = "somebody else"
    for row in rows:
        last = row["hash"] = audit.hashed(last, row)
    assert faults(rows, (ROWS, last)) == []
    for known, kinds in (((4, WHOLE[3]["hash"]), ["noted"]), ((4, rows[3]["hash"]), [])):
        found = audit.checked(iter(rows), (ROWS, last), known)  # type: ignore[arg-type]
        assert [each.kind for each in found.faults] == kinds


# --- what is noted ------------------------------------------------------------------------------


def acts(world: World) -> list[tuple[str, str | None]]:
    """Return act and run of each line, and require that the log is whole and says nothing."""
    with world.runs() as runs:
        lines = list(runs.log_lines())
        assert runs.check_log().faults == ()
    for line in lines:
        assert line.who.startswith("tester (")
        assert set(line.facts) <= set(ACTS[line.act].facts)
        text = f"{line.facts} {facts_text(line)}"
        for secret in ("0417", "三雲", "sato", "t0ken", "Tester"):
            assert secret not in text
    return [(line.act, line.run) for line in lines]


@pytest.mark.postgres
def test_each_step_of_a_run_has_its_line(world: World) -> None:
    """Fetch, choice, sync, allowing, cancel, purge; in order, with who, and with the run."""
    world.in_clinic()
    run = world.fetch()
    world.sync(run)
    again = world.fetch()
    with world.runs() as runs:
        runs.cancel(again.id)
        assert runs.purge(dt.timedelta(days=-1)) == 2
        assert runs.purge(dt.timedelta(days=-1)) == 0
    assert acts(world) == [
        ("fetched", run.id),
        ("chosen", run.id),
        ("synced", run.id),
        ("fetched", again.id),
        ("cancelled", again.id),
        ("purged", None),
    ]


def test_what_lets_a_sync_pass_has_a_line(world: World) -> None:
    """Who allows what is unusual, and who takes over."""
    world.in_clinic()
    run = world.fetch()
    world.choose(run)
    with world.runs() as runs:
        now = runs.clock.now()
        runs._store.begin_sync(
            run.id, now, "tester", account=world.account(), allow=lambda: (True, ())
        )
    assert ("unusual_allowed", run.id) in acts(world)


def test_a_mapping_that_has_changed_is_noted_with_both_hashes(world: World) -> None:
    """Before and after; the text itself is kept with each run."""
    world.in_clinic()
    before = world.fetch()
    world.files["pair.yaml"] = world.files["pair.yaml"] + "\n# changed\n"
    (world.folder / "pair.yaml").write_text(world.files["pair.yaml"], encoding="utf-8")
    after = world.fetch()
    world.fetch()
    with world.runs() as runs:
        (line,) = [each for each in runs.log_lines() if each.act == "mapping_changed"]
    assert line.run == after.id
    hashes = [line.facts["before"], line.facts["after"]]
    assert hashes == [run.mapping_hash for run in (before, after)]


def test_another_token_is_noted_and_never_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the connection alone, for both that use it, once, and by whichever command reads it."""
    world.in_clinic()
    run = world.fetch()
    world.choose(run)
    both = ["clinic", "rosta"]
    uses: tuple[tuple[Callable[[Runs], object], list[str]], ...] = (
        (Runs.check, both),
        (lambda runs: runs.fetch("rosta", "clinic"), both),
        (lambda runs: runs.choices("rosta"), ["rosta"]),
        (lambda runs: runs.sync(run.id), ["rosta"]),
    )

    def replaced() -> list[object]:
        with world.runs() as runs:
            lines = list(runs.log_lines())
        return [each.facts["connection"] for each in lines if each.act == "token_replaced"]

    for number, (use, read) in enumerate(uses):
        before = len(replaced())
        monkeypatch.setenv("RENKEI_TEST_TOKEN", f"t0ken-{number}")
        for _ in range(2):
            with world.runs() as runs, suppress(RenkeiError):
                use(runs)
        assert sorted(map(str, replaced()[before:])) == read, number
    acts(world)


@pytest.mark.fault("F98")
def test_a_refused_act_has_no_line(world: World) -> None:
    """What was not done is not noted: the line is part of the same transaction."""
    world.in_clinic()
    run = world.fetch()
    world.sync(run)
    before = acts(world)
    with world.runs() as runs:
        with pytest.raises(RenkeiError):
            runs._store.choose(run.id, Selection(), {})
        with pytest.raises(UsageError):
            runs.remove_release("7")
    assert acts(world) == before


@pytest.mark.fault("F98")
@pytest.mark.security(29)
def test_what_cannot_be_noted_is_not_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No choice, no fetch, no details; and a sync that has begun goes on without the log."""
    world.in_clinic()
    run = world.fetch()
    real = audit.append

    def full(*_args: object) -> None:
        raise NoRoomError("full")

    monkeypatch.setattr("renkei.store.database.append", full)
    everybody = Selection(differences=frozenset({Difference.NEW}))
    with world.runs() as runs:
        attempts: list[Callable[[], object]] = [
            lambda: runs.choose(run.id, everybody),
            lambda: runs.fetch("clinic", "rosta"),
            lambda: runs.explain(run.id, "0417"),
            lambda: runs.cancel(run.id),
            lambda: runs.release(run.id, Wish(number="0417", why="x", as_new=True)),
        ]
        for attempt in attempts:
            with pytest.raises(RenkeiError):
                attempt()
        assert runs.selection(run.id) is None
        assert [each.status for each in runs.reports()] == [Status.READY]
    begun: list[bool] = []

    def once(*args: Any) -> None:
        if begun:
            raise NoRoomError("full")
        begun.extend(entry.act == "synced" for entry in args[3] if entry.act == "synced")
        real(*args)

    monkeypatch.setattr("renkei.store.database.append", once)
    assert world.sync(run).status is Status.DONE
    assert begun == [True]


@pytest.mark.fault("F98")
@pytest.mark.postgres
def test_many_who_write_at_once_make_one_chain(world: World) -> None:
    """No line is lost, and none follows the wrong one: on a server, too, where many may write."""
    world.in_clinic()
    world.fetch()

    def write(number: int) -> None:
        with closing(Store(world.at, create=False)) as store:
            for _ in range(5):
                store.note("exported", str(number), what="csv")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with closing(Store(world.at, create=False)) as store:
        found = store.check_lines()
        assert (found.lines, found.faults) == (21, ())
        with store._engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.line == 9))
        assert [each.kind for each in store.check_lines().faults] == ["missing"]


def test_a_span_of_days_is_of_japan(world: World) -> None:
    """From midnight to midnight there, both days inclusive; the newest lines come in parts."""
    world.in_clinic()
    world.fetch()
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=9))).date()
    day = dt.timedelta(days=1)
    with world.runs() as runs:
        runs.note("logged_out")
        for days, count in (
            ((today - day, today + day), 2), ((None, today - day), 0), ((today + day, None), 0),
        ):  # fmt: skip
            assert len(list(runs.log_lines(days))) == count
            assert len(runs.newest_lines(9, days)) == count
        (newest,) = runs.newest_lines(1)
        (older,) = runs.newest_lines(1, before=newest.line)
        assert (newest.act, older.act) == ("logged_out", "fetched")


def test_only_known_facts_can_be_noted(world: World) -> None:
    """A value of an employee cannot slip into a line by a new call somewhere."""
    world.in_clinic()
    world.fetch()
    with world.runs() as runs:
        with pytest.raises(ValueError, match="name"):
            runs.note("exported", what="csv", name="三雲汐里")
        with pytest.raises(KeyError):
            runs.note("unheard_of")
        runs.note("details_opened", "../../etc", what="plan")
        assert runs.newest_lines(1)[0].run is None
    assert {fact for act in ACTS.values() for fact in act.facts} == set(FACTS)
    assert act_text("of_a_newer_renkei") == "of_a_newer_renkei"


# --- companies ----------------------------------------------------------------------------------


@pytest.fixture
def path(world: World) -> Path:
    """The main file of two companies."""
    world.in_clinic()
    return two_companies(world)


@pytest.mark.security(56)
@pytest.mark.sqlite
def test_each_company_has_a_chain_of_its_own(world: World, path: Path) -> None:
    """And what is about companies is in that of the installation, too: theirs may go."""
    with Runs(load_config(path, "acme"), who="tester") as acme:
        acme.fetch("clinic", "rosta")
    with Companies(load_main(path), who="tester") as door:
        door.pause("acme", on=True)
        assert [line.act for line in door.log_lines()] == ["company_paused"]
        door.pause("acme", on=False)
    with Runs(load_config(path, "acme"), who="tester") as acme:
        assert [each.act for each in acme.log_lines()] == [
            "fetched", "company_paused", "company_resumed",
        ]  # fmt: skip
        assert acme.check_log().faults == ()
    with Companies(load_main(path), who="tester") as door:
        door.remove("acme")
        lines = list(door.log_lines())
        assert [line.facts for line in lines][-1] == {"company": "acme", "count": 1}
        assert door.check_log().faults == ()
    with closing(sqlite3.connect(world.at)) as db:
        rows = db.execute("select act from audit where company = 'acme' order by line").fetchall()
    assert rows[-1] == ("company_removed",)
