"""What is about all companies of a store: how each stands, who is adopted, who is removed."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import signal
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tests.engine.test_companies import ACCOUNT, NOW, company, planned, said
from tests.postgres import Database as OnServer
from tests.sampling import some

from renkei import files
from renkei.companies import Companies as Door
from renkei.companies import leaving
from renkei.config import Company, load_config, load_main
from renkei.config.edit import befores, change_key
from renkei.config.heads import Heads, head_of
from renkei.errors import (
    BusyError,
    ConfigurationError,
    MappingError,
    NoRoomError,
    StoreError,
    UsageError,
)
from renkei.model import Outcome, Remark, Selection, Status
from renkei.observer import Observer
from renkei.place import is_server
from renkei.schedule.errand import Errand
from renkei.store import serial
from renkei.store.accounts import used
from renkei.store.companies import Companies, Removed, Stands
from renkei.store.earlier import earlier_in
from renkei.store.journal import Told
from renkei.store.store import Store
from renkei.store.tables import audit, jobs, metadata, runs, schedules

if TYPE_CHECKING:
    from tests.engine.world import World

REMOVED = Removed(at=NOW, who="tester")


@pytest.fixture
def at(tmp_path: Path, database: OnServer | None) -> str:
    """Return where a store can be opened, of either kind."""
    return str(tmp_path / "all.db") if database is None else database.address


def opened(place: str, name: str = "") -> Store:
    return Store(place, company=name)


def written(store: Store, account: str = ACCOUNT, result: str | None = "created") -> str:
    """Store a run whose sync has sent its one person; return it."""
    run = planned(store, account)
    store.choose(run, Selection(numbers=("0417",)), {1: {}}, who="tester")
    lease = store.begin_sync(run, NOW, "tester", account=account)
    ids = store.intend(lease, (), [(1, "create")], NOW)
    assert ids
    if result is not None:
        told = Told(
            position=1, outcome=Outcome(result), at=NOW, write_id=ids[0], answer_id="a", detail="d"
        )
        store.record(lease, [told])
    status = Status.DONE if result == "created" else Status.PAUSED
    store.end_sync(lease, status, NOW, Remark("access", ("rosta",)) if result is None else None)
    return run


def stands(store: Companies) -> dict[str, Stands]:
    return {name: Stands.of(found) for name, found in store.directions(NOW).items()}


def rows(place: str, name: str) -> dict[str, int]:
    """Return how many rows of each table but the log are of a company, or of its runs."""
    with closing(Companies(place)) as store, store._reading() as c:
        theirs = sa.select(runs.c.id).where(runs.c.company == name)
        counts = {}
        for table in metadata.sorted_tables:
            if table is audit:
                continue
            if "company" in table.c:
                mine = table.c.company == name
            elif "run_id" in table.c:
                mine = table.c.run_id.in_(theirs)
            else:
                continue
            query = sa.select(sa.func.count()).select_from(table).where(mine)
            counts[table.name] = c.execute(query).scalar_one()
        return counts


# --- how each stands ----------------------------------------------------------------------------


@pytest.mark.postgres
def test_each_company_stands_by_its_own_runs(at: str) -> None:
    """The newest run, the last sync with its counts, what is open, and what is in doubt."""
    with closing(opened(at, "acme")) as acme, closing(opened(at, "beta")) as beta:
        done = written(acme)
        newer = planned(acme)
        stuck = written(beta, "b", result=None)
    with closing(opened(at, "gamma")) as gamma:
        chosen = planned(gamma, "c")
        gamma.choose(chosen, Selection(numbers=("0417",)), {1: {}}, who="tester")
    with closing(Companies(at)) as all_:
        found = stands(all_)
    assert sorted(found) == ["acme", "beta", "gamma"]
    a, b, c = (found[name] for name in sorted(found))
    assert a.newest
    assert a.synced
    assert (a.newest.run, a.newest.open, a.synced.run, a.synced.open) == (newer, 1, done, 0)
    assert a.synced.outcomes == {Outcome.CREATED: 1}
    assert a.in_doubt == 0
    assert b.newest == b.synced
    assert b.newest
    assert (b.newest.run, b.newest.status, b.in_doubt) == (stuck, Status.PAUSED, 1)
    assert c.synced is None
    assert c.newest
    assert c.newest.chosen


def test_a_sync_at_work_is_no_doubt(at: str) -> None:
    """And one whose process has died without a word has paused."""
    with closing(opened(at, "acme")) as acme:
        run = planned(acme)
        acme.choose(run, Selection(numbers=("0417",)), {1: {}})
        lease = acme.begin_sync(run, NOW, "tester", account=ACCOUNT)
        acme.intend(lease, (), [(1, "create")], NOW)
        with closing(Companies(at)) as all_:
            at_work = stands(all_)["acme"]
            assert at_work.newest
            assert (at_work.newest.status, at_work.in_doubt) == (Status.SYNCING, 0)
            with acme._writing() as c:
                c.exec_driver_sql("update leases set owner = null")
            dead = stands(all_)["acme"]
            assert dead.newest
            assert (dead.newest.status, dead.in_doubt) == (Status.PAUSED, 1)


@pytest.mark.postgres
def test_the_list_takes_a_handful_of_statements(at: str) -> None:
    """However many companies there are."""
    counts = []
    for number in range(2, 12, 9):
        for each in range(number):
            with closing(opened(at, f"c{each}")) as store:
                written(store, f"{each}")
        seen: list[str] = []

        def see(_c: object, _cursor: object, statement: str, *_more: object) -> None:
            seen.append(statement)  # noqa: B023 - of this turn

        event.listen(Engine, "before_cursor_execute", see)
        try:
            with closing(Companies(at)) as all_:
                seen.clear()
                assert len(stands(all_)) == number
        finally:
            event.remove(Engine, "before_cursor_execute", see)
        counts.append(len(seen))
    assert counts[0] == counts[1] < 12


PAIRS = st.tuples(*(st.sampled_from(["", "a", "aa", "b", "é", "株"]) for _ in range(3)))
"""Companies, sources and targets whose names begin alike."""


@pytest.fixture(scope="module")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a store with one run, of which others can be made."""
    at = str(tmp_path_factory.mktemp("many") / "all.db")
    with closing(opened(at)) as store:
        planned(store)
        with store._writing() as c:
            c.exec_driver_sql("delete from items")
    return at


@settings(deadline=None)
@given(
    st.lists(st.tuples(PAIRS, st.booleans(), st.booleans()), min_size=1, max_size=12),
    st.sampled_from([None, "a", "b"]),
)
def test_the_newest_runs_of_each_direction_are_found(
    one_run: str, made: list[tuple[tuple[str, str, str], bool, bool]], company: str | None
) -> None:
    """As by walking through all runs: the newest, the newest synced, the newest fetched whole."""
    expected: dict[tuple[str, ...], list[int | None]] = {}
    with closing(opened(one_run)) as store, store._writing() as c:
        c.execute(sa.delete(runs).where(runs.c.id > 1))
        like = dict(c.execute(sa.select(runs).where(runs.c.id == 1)).mappings().one())
        for number, (pair, synced, whole) in enumerate(made, 2):
            own: dict[str, object] = {
                **dict(zip(("company", "source", "target"), pair, strict=True))
            }
            own |= {"id": number, "sync_started_at": NOW if synced else None}
            c.execute(sa.insert(runs).values(like | own | {"fetched_at": NOW if whole else None}))
            last = expected.setdefault(pair, [None, None, None])
            for place, counts in enumerate((True, synced, whole)):
                last[place] = number if counts else last[place]
    if company is None:
        with closing(Companies(one_run)) as all_:
            everybody = [*chain.from_iterable(all_.directions(NOW).values())]
    else:
        with closing(opened(one_run, company)) as store:
            everybody = store.directions(NOW)
    assert {
        (each.company, each.source, each.target): [
            int(each.newest.run),
            int(each.synced.run) if each.synced else None,
            int(each.waiting.plan) if each.waiting else None,
        ]
        for each in everybody
        if int(each.newest.run) > 1
    } == {pair: found for pair, found in expected.items() if company in (None, pair[0])}


def steps_of(store: Companies | Store, look: Callable[[], object]) -> int:
    """Return what the database does for a look."""
    count = [0]

    def one_more() -> int:
        count[0] += 1
        return 0

    def watch(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        connection.set_progress_handler(one_more, 1)

    event.listen(store._engine, "checkout", watch)
    look()
    return count[0]


def test_the_list_takes_as_long_after_years_of_runs(tmp_path: Path) -> None:
    """What the database does for it is counted: a step for each company, not for each run."""
    steps = []
    for each in (2, 40):
        at = str(tmp_path / f"{each}.db")
        fill(at, companies=10, each=each)
        with closing(Companies(at)) as all_:
            assert len(stands(all_)) == 10
            steps.append(steps_of(all_, partial(stands, all_)))
    assert steps[1] < steps[0] * 1.1


def test_the_last_runs_of_schedules_take_as_long_after_years_of_runs(tmp_path: Path) -> None:
    """The last job of each schedule is looked up, and nothing walks through the others."""
    steps = []
    for each in (2, 40):
        at = str(tmp_path / f"{each}.db")
        fill(at, companies=10, each=each)
        begun_by_schedules(at)
        with closing(opened(at, "c0001")) as one:

            def look(one: Store = one) -> set[int]:
                with one._reading() as c:
                    return earlier_in(c, one.company, NOW)

            assert len(look()) == 2
            steps.append(steps_of(one, look))
    assert steps[1] < steps[0] * 1.1


# --- what stands in a file ----------------------------------------------------------------------

VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Cn", "Co")),
    min_size=1,
    max_size=12,
).filter(str.strip)


@settings(deadline=None)
@given(
    VALUES,
    st.sampled_from(["production", "sandbox"]),
    st.booleans(),
    st.sets(st.sampled_from(["second_factor", "sso"])),
    st.permutations(["label", "environment", "paused", "connections", "settings"]),
)
def test_the_head_of_a_file_says_what_the_whole_says(
    label: str, environment: str, paused: bool, rules: set[str], order: list[str]
) -> None:
    """Whatever stands around it, in whichever order, and with comments wherever they may be."""
    said = "".join(f"\n# {rule}:\n\n  {rule}: required  # yes" for rule in sorted(rules))
    parts = {
        "label": f"label: {json.dumps(label, ensure_ascii=False)}  # label: x",
        "environment": f"environment:\n  {environment}",
        "paused": f"paused: {'true' if paused else 'false'}",
        "settings": f"settings:  # ours{said}\n  max_plan_age_hours: 3",
        "connections": (
            "connections:\n  a:\n    connector: csv\n    label: inner\n    options: {path: x.csv}"
        ),
    }
    folder = Path(os.environ["PYTEST_HEADS"])
    main = company(folder, "acme", "\n".join(["# label: no", *(parts[each] for each in order)]))
    whole = load_config(main, "acme").company
    assert head_of(load_main(main), "acme") == whole
    assert whole.label == label
    assert {"second_factor": whole.second_factor, "sso": whole.sso} == {
        rule: rule in rules for rule in ("second_factor", "sso")
    }


@pytest.fixture(autouse=True)
def _heads(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_HEADS", str(tmp_path_factory.mktemp("heads")))


def test_a_file_in_another_style_is_read_whole(tmp_path: Path) -> None:
    """Quoted keys, braces: it is read all the same; mistakes are told with their places."""
    for text in (
        '"label": x\nconnections: {}\n',
        "{label: x, connections: {}}\n",
        "{\nlabel: x,\nconnections: {}}\n",
        "? label\n: x\n",
    ):
        main = company(tmp_path, "acme", text)
        assert head_of(load_main(main), "acme") == Company(name="acme", label="x"), text
    main = company(tmp_path, "acme", "\n\nconnections: {}\nenvironment: prod\n")
    with pytest.raises(MappingError, match=r"acme\.yaml:4:14"):
        head_of(load_main(main), "acme")
    assert head_of(load_main(company(tmp_path, "acme", "connections: {}\n")), "acme").label == ""


def test_a_head_that_is_kept_is_that_of_the_file(tmp_path: Path) -> None:
    """A file that is replaced, written anew or gone is read anew; one with mistakes is told."""
    main = load_main(company(tmp_path, "acme", "label: One\nconnections: {}\n"))
    heads, own = Heads(), main.new_file("acme")
    assert heads.of(main, "acme").label == heads.of(main, "acme").label == "One"
    own.with_name("new").write_text("label: Two\nconnections: {}\n", encoding="utf-8")
    own.with_name("new").replace(own)
    assert heads.of(main, "acme").label == "Two"
    own.write_text("label: Three\nconnections: {}\n", encoding="utf-8")
    assert heads.of(main, "acme").label == "Three"
    for _ in range(2):
        own.write_text("environment: prod\n", encoding="utf-8")
        with pytest.raises(MappingError):
            heads.of(main, "acme")
    own.unlink()
    with pytest.raises(MappingError):
        heads.of(main, "acme")


# --- adopted and removed ------------------------------------------------------------------------


@pytest.mark.postgres
def test_the_runs_of_before_are_adopted_whole(at: str) -> None:
    """With releases, accounts and fields; nothing of them is left without a company."""
    with closing(opened(at)) as old:
        run = written(old)
        said(old, run)
        old.keep_fields("rosta", ACCOUNT, (), NOW)
        before = old.run(run)
    was = rows(at, "")
    with closing(Companies(at)) as all_:
        assert all_.adopt("acme") == all_.adopt("acme") == 1, "until it has come to its end"
        all_.forget("acme")
        with pytest.raises(UsageError) as caught:
            all_.adopt("acme")
        assert caught.value.code == "nothing_to_adopt"
    assert rows(at, "acme") == was
    assert set(rows(at, "").values()) == {0}
    with closing(opened(at, "acme")) as acme, closing(opened(at)) as old:
        assert acme.run(run) == before
        with pytest.raises(UsageError):
            old.run(run)
        assert {company for company, _connection in old.others_of(ACCOUNT)} == {"acme"}


@pytest.mark.security(60)
@pytest.mark.postgres
def test_a_company_is_removed_whole_and_the_other_stays(at: str) -> None:
    """Nothing that a query finds is left of it; what comes later has new numbers."""
    with closing(opened(at, "beta")) as beta:
        kept = written(beta, "b")
        said(beta, kept)
        other = rows(at, "beta")
    with closing(opened(at, "acme")) as acme:
        run = written(acme)
        said(acme, run)
        acme.keep_fields("rosta", ACCOUNT, (), NOW)
        acme.note_account("rosta", "another account")
        acme.note_account("rosta", "another account")
        assert [line.act for line in acme.lines()].count("token_replaced") == 1
        with acme._reading() as c:
            assert serial.fact(c, used("acme"))
    with closing(Companies(at)) as all_:
        removed = all_.remove("acme", REMOVED)
        assert removed.rows["runs"] == removed.rows["items"] == removed.rows["writes"] == 1
        assert removed.rows["releases"] == 1
        assert all_.remembered("acme") == removed
        all_.forget("acme")
        assert all_.remembered("acme") is None
    with closing(opened(at, "acme")) as acme, acme._reading() as c:
        assert serial.fact(c, used("acme")) is None
    assert set(rows(at, "acme").values()) == {0}
    assert rows(at, "beta") == other
    with closing(opened(at, "beta")) as beta:
        assert beta.run(kept).status is Status.DONE
        newer = written(beta, ACCOUNT)
        assert int(newer) > int(run), "no number is used again"
        with beta._reading() as c:
            last = c.exec_driver_sql("select max(id) from writes").scalar()
        assert last == 3


@pytest.mark.fault("F97")
@pytest.mark.postgres
@pytest.mark.parametrize("how", ["adopt", "remove"])
def test_nobody_at_work_is_adopted_or_removed(at: str, how: str) -> None:
    """Not while a run is fetched, one is synced, or a job is begun; then everything stays."""
    name = "" if how == "adopt" else "acme"
    with closing(opened(at, name)) as store, closing(Companies(at)) as all_:
        work: Callable[[], object] = (
            (lambda: all_.adopt("acme")) if how == "adopt" else lambda: all_.remove("acme", REMOVED)
        )
        run = planned(store)
        store.begin_sync(run, NOW, "tester", account=ACCOUNT)
        before = rows(at, name)
        with pytest.raises(BusyError):
            work()
        with store._writing() as c:
            c.exec_driver_sql("update leases set owner = null, run_id = null")
        fetching = store.begin_fetch(
            source="a", target="b", base_date=NOW.date(), who="t", created_at=NOW,
            mapping_name="", mapping_text="", mapping_hash="", settings={},
        )  # fmt: skip
        with pytest.raises(BusyError):
            work()
        assert rows(at, name)["items"] == before["items"]
        store.fail_fetch(fetching, NOW, Remark("interrupted"))
        job = store.ask("nightly", NOW)
        with pytest.raises(BusyError):
            work()
        store.end_job(job, "waiting", NOW, next_at=NOW)  # nobody is at it
        work()


@pytest.mark.fault("F97")
@pytest.mark.postgres
def test_who_is_about_to_begin_finds_that_the_company_was_removed(at: str) -> None:
    """A fetch that waits for an answer keeps nobody of it; who opens the store later may begin."""
    errand = Errand(deed="fetch", source="clinic", target="rosta", language="en")
    with closing(opened(at, "acme")) as store, closing(opened(at, "beta")) as beta:
        planned(store)
        with closing(Companies(at)) as all_:
            all_.remove("acme", REMOVED)
        begins = (
            lambda: planned(store),
            lambda: store.ask_for(errand, NOW),
            lambda: store.ask("nightly", NOW),
        )
        for begin in begins:
            with pytest.raises(UsageError, match="was removed meanwhile"):
                begin()
        assert set(rows(at, "acme").values()) == {0}
        planned(beta, "b")
    with closing(opened(at, "acme")) as store:
        planned(store)


@pytest.mark.fault("F97")
@pytest.mark.parametrize("how", ["adopt", "remove"])
@pytest.mark.parametrize("statement", some(range(0, 26, 3), 3))
def test_whoever_is_killed_in_the_middle_leaves_all_or_nothing(
    at: str, how: str, statement: int
) -> None:
    """A kill at any statement; the same command, given once more, does all of it."""
    name = "" if how == "adopt" else "acme"
    with closing(opened(at, name)) as store:
        run = written(store)
        said(store, run)
    before = rows(at, name)
    child = os.fork()
    if not child:
        try:
            all_ = Companies(at)
            count = iter(range(1000))

            def kill(*_args: object) -> None:
                if next(count) == statement:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(all_._engine, "before_cursor_execute", kill)
            _do(all_, how)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    left = rows(at, name)
    assert left == before or set(left.values()) == {0}
    with closing(Companies(at)) as all_:
        if left == before:
            _do(all_, how)
        if how == "remove":
            removed = all_.remove("acme", REMOVED)  # once more: it says what was removed
            assert removed.rows["runs"] == 1
    assert set(rows(at, name).values()) == {0}
    if how == "adopt":
        assert rows(at, "acme") == before


def _do(all_: Companies, how: str) -> None:
    if how == "adopt":
        all_.adopt("acme")
    else:
        all_.remove("acme", REMOVED)


# --- the door -----------------------------------------------------------------------------------


def test_nothing_to_add_makes_no_store(tmp_path: Path) -> None:
    """A table of clients who are all there is given again: nothing is done, and nothing noted."""
    main = load_main(company(tmp_path, "acme"))
    before = sorted(tmp_path.rglob("*"))
    with Door(main) as door:
        assert door.add({}) == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.fault("F97")
def test_all_new_companies_are_there_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full at the second file leaves neither the first nor a line in the log."""
    main = load_main(company(tmp_path, "acme"))
    before, replace = sorted(tmp_path.rglob("*")), files.replace
    texts = dict.fromkeys(("a1", "a2", "a3"), "connections: {a: {connector: csv}}\n")

    def full(path: Path, chunks: Iterable[str], *more: int) -> None:
        if "a2" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(path, chunks, *more)

    def newer(_name: str) -> None:
        raise StoreError("the dashboard's own database is of a newer renkei")

    with Door(main) as door:
        with monkeypatch.context() as patch:
            patch.setattr(files, "replace", full)
            with pytest.raises(ConfigurationError, match="No space"):
                door.add(texts)
        with pytest.raises(StoreError, match="newer"):
            door.add(texts, also=newer)
        assert sorted(tmp_path.rglob("*")) == before
        assert door.add(texts) == [main.new_file(name) for name in texts]
        added = [line.facts for line in door.log_lines() if line.act == "company_added"]
    assert added == [{"company": name} for name in texts]
    assert main.names() == ["a1", "a2", "a3", "acme"]


def test_what_cannot_be_written_has_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company whose file is read-only is not put on hold, and the log does not say so."""
    main = load_main(company(tmp_path, "acme"))

    def refused(*_args: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with Door(main) as door:
        door.pause("acme", on=True)
        door.pause("acme", on=True)
        assert len(befores(main.new_file("acme"))) == 1, "only what changes something is kept"
        monkeypatch.setattr("renkei.files.secrets.token_hex", refused)
        with pytest.raises(ConfigurationError, match="by hand"):
            door.pause("acme", on=False)
        assert [line.act for line in door.log_lines()] == ["company_paused"] * 2


def test_of_two_who_take_one_name_the_second_one_is_told(tmp_path: Path) -> None:
    """The file of the first one stays, with all that has been set up in it since."""
    main = load_main(company(tmp_path, "acme"))
    text = main.new_file("acme").read_text(encoding="utf-8")
    both = threading.Barrier(2)

    def meet(_name: str) -> None:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.5)

    def add(who: str) -> str:
        with Door(main) as door:
            try:
                door.add({"new": f"# {who}\n{text}"}, also=meet)
            except UsageError as error:
                return error.code
            return who

    with ThreadPoolExecutor(2) as threads:
        became = set(threads.map(add, ("first", "second")))
    assert "exists" in became
    (first,) = became - {"exists"}
    assert main.new_file("new").read_text(encoding="utf-8").startswith(f"# {first}\n")


def test_a_new_company_knows_nothing_of_one_that_never_had_a_run(tmp_path: Path) -> None:
    """Its file was deleted by hand: schedules, accounts and what was told are not the new one's."""
    main = load_main(company(tmp_path, "acme"))
    text = main.new_file("acme").read_text(encoding="utf-8")
    with Door(main) as door:
        door.add({"new": text})
        for name in ("acme", "new"):
            door._store.count_from((name, "daily"), "0 6 * * *", NOW)
            with door._store._writing() as connection:
                serial.put_accounts(connection, name, {"smarthr": ACCOUNT})
        main.new_file("new").unlink()
        door.add({"new": text})
        assert {name for name, _schedule in door._store.all_kept()} == {"acme"}
        assert door._store.kept_of(["acme", "new"]) == {"acme"}
        acts = [line.act for line in door.log_lines() if line.facts["company"] == "new"]
    assert acts == ["company_added", "company_removed", "company_added"]


def test_a_company_that_is_removed_does_not_come_back(tmp_path: Path) -> None:
    """Who is changing its file at this moment comes to an end before."""
    main = load_main(company(tmp_path, "acme"))
    meanwhile = threading.Event()

    def remove() -> None:
        meanwhile.wait()
        with Door(main) as door:
            door.remove("acme")

    with ThreadPoolExecutor(1) as threads, Door(main) as door:
        removed = threads.submit(remove)
        config = load_config(main.path, "acme")
        meant = evolve(config, company=evolve(config.company, paused=True))

        def note() -> None:
            meanwhile.set()
            wait([removed], timeout=0.5)

        change_key(config, meant, "paused", "true", note)
        removed.result()
        assert main.names() == []
        with pytest.raises(UsageError):
            door.pause("acme", on=False)


@pytest.mark.fault("F97")
def test_an_adoption_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    """Whatever follows the runs follows them by the next call; then there is nothing left."""
    main = load_main(company(tmp_path, "acme"))
    with closing(opened(str(tmp_path / "all.db"))) as store:
        written(store)
    told_of: list[str] = []

    def die(_name: str) -> None:
        raise KeyboardInterrupt

    with Door(main) as door:
        with pytest.raises(KeyboardInterrupt):
            door.adopt("acme", also=die)
        assert door.adopt("acme", also=told_of.append) == 1
        assert told_of == ["acme"]
        with pytest.raises(UsageError, match="no runs without a company"):
            door.adopt("acme", also=told_of.append)


@pytest.mark.security(29, 57)
def test_a_new_company_does_not_read_the_log_of_another_one(tmp_path: Path) -> None:
    """Whether it is added or its file put there; the chain is whole, and the old part is kept."""
    main = load_main(company(tmp_path, "acme"))
    at = str(tmp_path / "all.db")

    def read() -> list[list[str]]:
        with closing(opened(at, "acme")) as store:
            assert store.check_lines().faults == ()
            newest = [line.act for line in store.newest_lines(10)]
            return [[line.act for line in store.lines()], newest[::-1]]

    with closing(opened(at, "acme")) as store:
        written(store)
    whole, newest = read()
    assert whole == newest != []
    with Door(main) as door:
        assert list(door.log_lines(removed="acme")) == []
        door.remove("acme")
        before = [*whole, "company_removed"]
        assert [line.act for line in door.log_lines(removed="acme")] == before
        assert read() == [[], []]
        door.add({"acme": "connections: {a: {connector: csv}}\n"})
        assert read() == [["company_added"]] * 2
        assert [line.act for line in door.log_lines(removed="acme")] == before
        assert "company_removed" in [line.act for line in door.log_lines()]


@pytest.mark.fault("F84")
@pytest.mark.parametrize("full", [False, NoRoomError("full"), StoreError("gone")], ids=str)
def test_a_removal_without_room_to_write_the_store_anew_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: StoreError | bool
) -> None:
    """All is removed and certified: what may be left inside of the file is a warning."""
    main = load_main(company(tmp_path, "acme"))
    with closing(opened(str(tmp_path / "all.db"), "acme")) as store:
        written(store)
    told: list[str] = []

    class Listening(Observer):
        def warning(self, remark: Remark) -> None:
            told.append(remark.code)

    def compact(_self: Companies) -> bool:
        if isinstance(full, StoreError):
            raise full
        return full

    monkeypatch.setattr(Companies, "compact", compact)
    with Door(main, observer=Listening()) as door:
        assert door.remove("acme").removed.rows["runs"] == 1
    assert told == ["not_compacted"]


@pytest.mark.security(60)
def test_a_removal_leaves_a_certificate(tmp_path: Path) -> None:
    """For programs and people, readable by its owner only; files that others may use stay."""
    main = load_main(company(tmp_path, "acme"))
    at = str(tmp_path / "all.db")
    with closing(opened(at, "acme")) as store:
        written(store)
    told_of: list[str] = []
    with Door(main, who="tanaka") as door:
        assert door.removable("acme") == (
            Company(name="acme", label="Acme", environment="sandbox"),
            1,
        )
        done = door.remove("acme", also=told_of.append)
        with pytest.raises(UsageError, match="There is no company acme"):
            door.remove("acme")
    assert not (tmp_path / "companies" / "acme.yaml").exists()
    assert told_of == ["acme"]
    assert done.left == ("Acme.token",)
    told = json.loads(done.papers[0].read_text(encoding="utf-8"))
    assert told["company"] == "acme"
    assert told["label"] == "Acme"
    assert told["rows"]["runs"] == 1
    assert told["removed_by"].startswith("tanaka (")
    assert "Acme (acme)" in done.papers[1].read_text(encoding="utf-8")
    for paper in done.papers:
        assert stat.S_IMODE(paper.stat().st_mode) == 0o600
        assert paper.parent == tmp_path / "companies" / "removed"
    assert main.names() == []


@pytest.mark.fault("F97")
@pytest.mark.parametrize(
    "at_step", ["remove", "_certify", "forget"], ids=["before", "removed", "certified"]
)
def test_a_removal_that_was_cut_off_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_step: str
) -> None:
    """Whatever step it died at: the company is gone for all commands, and the counts are right."""

    class KilledError(BaseException):
        pass

    def die(*_args: object) -> None:
        raise KilledError

    main = load_main(company(tmp_path, "acme"))
    with closing(opened(str(tmp_path / "all.db"), "acme")) as store:
        written(store)
    of = leaving if at_step == "_certify" else Companies
    with monkeypatch.context() as patch, Door(main) as door:
        patch.setattr(of, at_step, die)
        with pytest.raises(KilledError):
            door.remove("acme")
    with pytest.raises(UsageError):
        load_config(main.path, "acme")
    with Door(main) as door:
        done = door.remove("acme")
    assert done.removed.rows["runs"] == 1
    assert len(list((tmp_path / "companies" / "removed").iterdir())) == 2
    names = {path.name for path in (tmp_path / "companies").iterdir()}
    assert names == {"removed"}


@pytest.mark.fault("F97")
def test_a_company_at_work_keeps_its_file(tmp_path: Path) -> None:
    """A removal that is refused has changed nothing."""
    main = load_main(company(tmp_path, "acme"))
    with closing(opened(str(tmp_path / "all.db"), "acme")) as store:
        run = planned(store)
        store.begin_sync(run, NOW, "tester", account=ACCOUNT)
        with Door(main) as door, pytest.raises(BusyError):
            door.remove("acme")
    assert main.names() == ["acme"]


@pytest.mark.fault("F97")
def test_a_pause_keeps_the_rest_of_the_file(tmp_path: Path) -> None:
    """Every character but the one line; said twice it is there once."""
    text = "# ours\nlabel: Acme  # アクメ\nconnections:\n  a: {connector: csv}\n"
    main = load_main(company(tmp_path, "acme", text))
    own = main.new_file("acme")
    with Door(main) as door:
        assert door.pause("acme", on=True).paused
        assert own.read_text(encoding="utf-8") == text.replace("label", "paused: true\nlabel", 1)
        door.pause("acme", on=True)
        assert not door.pause("acme", on=False).paused
        paused = text.replace("label", "paused: false\nlabel", 1)
        assert own.read_text(encoding="utf-8") == paused
        with pytest.raises(UsageError):
            door.pause("beta", on=True)


def test_who_needs_a_person_is_told(tmp_path: Path) -> None:
    """A refused token, a stop, a doubt, a failure, a choice that waits, a file with mistakes."""
    for name in ("fine", "stuck", "waits"):
        company(tmp_path, name)
    main = company(tmp_path, "wrong")
    (tmp_path / "companies" / "wrong.yaml").write_text("environment: x\n", encoding="utf-8")
    at = str(tmp_path / "all.db")
    with closing(opened(at, "fine")) as store:
        written(store, "f")
    with closing(opened(at, "stuck")) as store:
        written(store, "s", result=None)
    with closing(opened(at, "waits")) as store:
        run = planned(store, "w")
        store.choose(run, Selection(numbers=("0417",)), {1: {}}, who="tester")
    with closing(opened(at)) as store:
        planned(store, "u")
    with Door(load_main(main)) as door:
        found = {each.company.name: each for each in door.listed()}
        assert door.without() == 1
    assert {name: each.needs for name, each in found.items()} == {
        "fine": (),
        "stuck": ("token", "halted", "in_doubt"),
        "waits": ("limit",),
        "wrong": ("file",),
    }
    assert [found[name].open for name in ("fine", "stuck", "waits")] == [0, 1, 1]
    assert "wrong.yaml:1:14" in (found["wrong"].mistake or "")
    assert found["fine"].matches("FINE")
    assert not found["fine"].matches("stuck")


def test_a_file_of_one_company_is_listed_as_one(world: World) -> None:
    """It has no name; and nothing is adopted, paused or removed in it."""
    world.in_clinic()
    with Door(load_main(world.folder / "renkei.yaml")) as door:
        (only,) = door.listed()
        assert only.stands.newest is None
        world.fetch()
        (only,) = door.listed()
        assert (only.company.name, only.open, only.needs) == ("", 1, ())
        for ask in (
            lambda: door.pause("acme", on=True),
            lambda: door.adopt("acme"),
            lambda: door.removable("acme"),
        ):
            with pytest.raises(UsageError):
                ask()


@pytest.mark.long
def test_a_thousand_companies_are_listed_in_half_a_second(tmp_path: Path) -> None:
    """With a hundred runs each: files, store, and all that is told of them."""
    main = company(tmp_path, "c0000")
    for number in range(1, 1000):
        company(tmp_path, f"c{number:04}")
    at = str(tmp_path / "all.db")
    fill(at, companies=1000, each=100)
    begun_by_schedules(at)
    load_main(main)
    began = time.process_time()
    with Door(load_main(main)) as door:
        found = door.listed()
    took_s = time.process_time() - began
    print(f"{took_s:.2f} renkei companies")  # noqa: T201 - for docs/scale.md
    assert len(found) == 1000
    assert all(each.stands.synced for each in found)
    assert took_s < 0.5


def begun_by_schedules(place: str) -> None:
    """Let two schedules of each company have begun its runs, one after the other."""
    with closing(opened(place)) as store, store._writing() as c:
        newest = c.execute(sa.select(sa.func.max(runs.c.id))).scalar_one()
        made: list[dict[str, object]] = []
        for key, of in c.execute(sa.select(runs.c.id, runs.c.company)):
            due = NOW - (newest - key) * dt.timedelta(seconds=15)
            row = {"company": of, "schedule": f"s{key // 10 % 2}", "due": due, "state": "done"}
            made.append(row | {"passed": 0, "attempt": 1, "started_at": due, "run_id": key})
        for row in made:
            row |= {"ended_at": NOW, "told_at": NOW}
        c.execute(sa.insert(jobs), made)
        names = sa.select(jobs.c.company, jobs.c.schedule).distinct()
        kept = [{"company": of, "name": name} for of, name in c.execute(names)]
        c.execute(sa.insert(schedules).values(timing="x", since=NOW), kept)


def fill(place: str, *, companies: int, each: int) -> None:
    """Put *each* runs per company into a store, each run with ten people."""
    with closing(opened(place, "c0000")) as store:
        run = int(written(store))
        with store._writing() as c:
            one = f"select * from runs where id = {run}"  # noqa: S608 - a number
            keys = list(c.exec_driver_sql(one).keys())
            left = f"(n.id - 2) - (n.id - 2) / {companies} * {companies}"  # % is for values there
            of = f"'c' || substr(cast(10000 + {left} as text), 2)"
            other = {"id": "n.id", "company": of, "mapping_text": f"'{'x' * 5000}'"}
            other["counts"] = """'{"new": 10}'"""
            shown = [other.get(k, f"r.{k}") for k in keys]
            numbers = (
                "with recursive n(id) as (select 2 union all select id + 1 from n"  # noqa: S608 - numbers
                f" where id < {companies * each})"
            )
            c.exec_driver_sql(
                f"insert into runs ({', '.join(keys)}) {numbers}"  # noqa: S608 - ours
                f" select {', '.join(shown)} from n, runs r where r.id = {run}"
            )
            item = list(c.exec_driver_sql("select * from items limit 1").keys())
            own = [{"run_id": "r.id", "position": "p.column1"}.get(k, f"i.{k}") for k in item]
            c.exec_driver_sql(
                f"insert into items ({', '.join(item)}) select {', '.join(own)} from runs r,"  # noqa: S608 - ours
                f" items i, (values (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) as p"
                f" where r.id > {run} and i.run_id = {run}"
            )
        if is_server(place):  # as a server does it by itself after a while
            autocommit = {"isolation_level": "AUTOCOMMIT"}
            with store._engine.connect().execution_options(**autocommit) as c:
                c.exec_driver_sql("vacuum analyze")
