"""Retention: what is old goes by itself, and nothing that is open, in doubt, or still needed."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.engine.test_companies import NOW, planned
from tests.engine.test_company_list import written
from tests.engine.test_config import problems
from tests.engine.test_store_gone import VALUE, fill, integrity, plans, room, tiny_disk
from tests.postgres import Database as OnServer

from renkei import retention
from renkei.config.retention import Age
from renkei.errors import NoRoomError, UsageError
from renkei.model import Remark, Status
from renkei.observer import Observer
from renkei.store.store import Store
from renkei.store.tables import items, writes

if TYPE_CHECKING:
    from tests.engine.world import World

LATER = NOW + dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _no_process_has_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a new process."""
    monkeypatch.setattr(retention, "_looked", {})


@pytest.fixture
def at(tmp_path: Path, database: OnServer | None) -> str:
    """Return where a store can be opened, of either kind."""
    return str(tmp_path / "renkei.db") if database is None else database.address


# --- the rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "before"),
    [("90d", "2028-12-01"), ("1y", "2028-03-01"), ("5y", "2024-03-01"), ("13y", "2016-03-01")],
)
def test_an_age_goes_by_the_calendar(text: str, before: str) -> None:
    """Days are days; a year is a year, leap days or not."""
    age = Age.read(text)
    assert age is not None
    assert str(age) == text
    moment = dt.datetime(2029, 3, 1, 12, tzinfo=dt.UTC)
    assert age.before(moment).date().isoformat() == before


def test_the_29th_of_february_has_a_day_before_it() -> None:
    """A year earlier there is none."""
    age = Age.read("1y")
    assert age is not None
    assert age.before(dt.datetime(2028, 2, 29, tzinfo=dt.UTC)).date() == dt.date(2027, 2, 28)


@pytest.mark.parametrize(
    ("written", "column", "word"),
    [
        ("{values: 90}", 21, '"90"'),
        ("{values: 0d}", 21, '"0d"'),
        ("{values: 3 months}", 21, '"3 months"'),
        ("{records: 500y}", 22, '"500y"'),
        ("{values: 90d, records: 30d}", 35, "records"),
        ("{value: 90d}", 13, 'did you mean "values"'),
    ],
)
def test_a_mistake_has_its_place(tmp_path: Path, written: str, column: int, word: str) -> None:
    """A mistake in how long something is kept is told before anything goes."""
    text = (
        "connections:\n  x:\n    connector: csv\n    options: {file: a.csv, number: N}\n"
        f"retention: {written}\n"
    )
    told = [each for each in problems(tmp_path, text) if each[0] == 5]
    assert [(line, at) for line, at, _message in told] == [(5, column)]
    assert word in told[0][2]


# --- whole records ------------------------------------------------------------------------------


@pytest.mark.security(60)
@pytest.mark.postgres
def test_a_record_goes_with_all_that_hangs_on_it(at: str) -> None:
    """Employees, writes and the run; its number is never given to another one."""
    with closing(Store(at)) as store:
        first, second = written(store), planned(store)
        assert store.remove_runs(LATER) == 1
        with pytest.raises(UsageError):
            store.run(first)
        with store._reading() as connection:
            for table in (items, writes):
                left = sa.select(table).where(table.c.run_id == int(first))
                assert connection.execute(left).all() == []
        assert store.usage("clinic", "rosta"), "the newest of the pair stays: a fetch goes by it"
        assert int(planned(store)) > int(second)
        assert store.remove_runs(LATER) == 1


@pytest.mark.fault("F99")
@pytest.mark.postgres
def test_a_run_in_doubt_stays_with_its_record(at: str) -> None:
    """Only it can tell whether somebody was created; nor does the run go that is being synced."""
    with closing(Store(at)) as store:
        doubt = written(store, result=None)
        synced = planned(store)
        store.begin_sync(synced, NOW, "tester", account="another")
        planned(store)
        assert store.remove_runs(LATER) == 0
        assert store.purge(LATER) == 1, "the newest plan, of which nothing was sent"
        assert store.is_unsettled(doubt)


@pytest.mark.fault("F99")
def test_whom_a_target_took_in_without_a_number_is_never_forgotten(tmp_path: Path) -> None:
    """They would be created again."""
    with closing(Store(str(tmp_path / "renkei.db"))) as store:
        run = written(store, result="failed")
        with store._writing() as connection:
            taken = sa.update(writes).where(writes.c.run_id == int(run)).values(result="accepted")
            connection.execute(taken)
        planned(store)
        assert store.remove_runs(LATER) == 0
        assert store.accepted("rosta") == {"0417"}


@pytest.mark.security(60)
def test_another_companys_runs_stay(tmp_path: Path) -> None:
    """Each company has rules of its own."""
    place = str(tmp_path / "renkei.db")
    with closing(Store(place, company="a")) as ours, closing(Store(place, company="b")) as theirs:
        runs_ = [planned(theirs), planned(theirs)]
        planned(ours)
        planned(ours)
        assert ours.remove_runs(LATER) == 1
        assert [run.id for run in reversed(theirs.latest(5))] == runs_
        ours.note_retained(NOW.date())
        assert (ours.retained_on(), theirs.retained_on()) == (NOW.date(), None)


@pytest.mark.fault("F84")
def test_records_make_room_on_a_disk_that_has_none(tmp_path: Path) -> None:
    """Not one byte is free before; afterwards the store works again and is smaller."""
    with tiny_disk(tmp_path / "disk", "2m") as disk:
        kept = plans(disk / "renkei.db", 10)
        fill(disk)
        with pytest.raises(NoRoomError):
            planned(kept)
        assert kept.remove_runs(LATER) == 9
        assert kept.compact()
        assert room(disk) > 500_000
        assert integrity(disk / "renkei.db") == "ok"
        assert (disk / "renkei.db").read_bytes().count(VALUE.encode()) <= 100
        kept.close()


# --- by itself ----------------------------------------------------------------------------------


def ruled(world: World, rules: str) -> None:
    """Let the configuration say how long what is kept."""
    file = world.folder / "renkei.yaml"
    file.write_text(f"{file.read_text()}retention: {rules}\n")


def command(world: World, now: str) -> list[Remark]:
    """Do what every command does at its end, at that moment; return what was warned of."""
    told: list[Remark] = []

    class Listening(Observer):
        def warning(self, remark: Remark) -> None:
            told.append(remark)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RENKEI_NOW", now)
        with world.runs(Listening()) as opened:
            opened.reports()
            opened.retain()
    return told


def purged(world: World) -> list[bool]:
    """Return of each run whether its values are gone, newest first."""
    with world.runs() as opened:
        return [run.purged for run in opened.reports()]


@pytest.mark.postgres
@pytest.mark.security(25, 60)
def test_values_go_by_themselves(world: World) -> None:
    """A command that runs anyway lets go of what is too old, and of nothing else."""
    ruled(world, "{values: 90d}")
    world.in_clinic()
    world.sync(world.fetch())
    assert command(world, "2027-02-18T11:00:00+09:00") == []
    assert purged(world) == [False]
    command(world, "2027-02-19T11:00:00+09:00")
    assert purged(world) == [True]


@pytest.mark.security(60)
def test_nothing_goes_without_rules(world: World) -> None:
    """As ever."""
    world.in_clinic()
    world.fetch()
    command(world, "2040-01-01T11:00:00+09:00")
    assert purged(world) == [False]


@pytest.mark.fault("F99")
def test_an_open_plan_stays_however_short_the_rule(world: World) -> None:
    """A plan that can still be chosen, resumed or tried again needs its values."""
    ruled(world, "{values: 1d}")
    world.in_clinic()
    world.fetch()
    command(world, "2026-11-23T11:00:00+09:00")
    assert purged(world) == [False]
    command(world, "2026-11-24T13:00:00+09:00")
    assert purged(world) == [True]


@pytest.mark.fault("F99")
def test_an_open_record_stays_however_short_the_rule(world: World) -> None:
    """A resume finds it; the newest of a pair stays anyway."""
    ruled(world, "{records: 1d}")
    world.in_clinic()
    world.fetch()
    world.fetch()
    command(world, "2026-11-23T11:00:00+09:00")
    assert purged(world) == [False, False]
    command(world, "2026-11-24T13:00:00+09:00")
    assert purged(world) == [False]


@pytest.mark.fault("F99")
def test_it_is_looked_for_once_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each process, and of each store."""
    ruled(world, "{values: 1d, records: 5y}")
    world.in_clinic()
    world.fetch()
    looked: list[str] = []
    real = Store.purge

    def purge(self: Store, before: dt.datetime) -> int:
        looked.append("purge")
        return real(self, before)

    monkeypatch.setattr(Store, "purge", purge)
    command(world, "2026-11-25T11:00:00+09:00")
    command(world, "2026-11-25T12:00:00+09:00")
    retention._looked.clear()
    command(world, "2026-11-25T13:00:00+09:00")
    assert looked == ["purge"]
    command(world, "2026-11-26T13:00:00+09:00")
    assert looked == ["purge", "purge"]


@pytest.mark.fault("F99")
@pytest.mark.postgres
def test_it_is_never_in_the_way_of_a_sync(world: World) -> None:
    """Be it another company's: a file is that of all. On a server nobody waits for it."""
    ruled(world, "{values: 1d}")
    world.in_clinic()
    world.fetch()
    with closing(Store(world.at, company="other")) as other:
        run = planned(other)
        lease = other.begin_sync(run, NOW, "tester", account="x")
        command(world, "2027-11-25T11:00:00+09:00")
        assert purged(world) == [world.database is not None]
        other.end_sync(lease, Status.DONE, NOW)
        command(world, "2027-11-25T12:00:00+09:00")
        assert purged(world) == [True]


@pytest.mark.fault("F99")
def test_what_hinders_it_hinders_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command has done its work; the next one tries again."""
    ruled(world, "{values: 1d}")
    world.in_clinic()
    world.fetch()

    def full(*_args: object) -> int:
        raise NoRoomError("full")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "purge", full)
        told = command(world, "2027-11-25T11:00:00+09:00")
    assert [remark.code for remark in told] == ["not_retained"]
    command(world, "2027-11-25T12:00:00+09:00")
    assert purged(world) == [True]


@pytest.mark.security(60)
@pytest.mark.postgres
def test_a_check_tells_the_size_and_what_goes(world: World) -> None:
    """It also says when old runs were looked for last."""
    ruled(world, "{values: 90d, records: 5y}")
    world.in_clinic()
    world.fetch()

    def told() -> list[tuple[str, str]]:
        with world.runs() as opened:
            (store,) = (c for c in opened.check() if c.subject == "report store")
        return [(each.level, each.message) for each in store.findings]

    size, kept = told()
    assert re.search(r"size: [0-9]+\.[0-9] MB", size[1])
    assert kept[0] == "note"
    assert "values 90d, records 5y" in kept[1]
    command(world, "2026-11-20T12:00:00+09:00")
    assert told()[1] == (
        "ok",
        "Kept for: values 90d, records 5y. What is older was removed on 2026-11-20.",
    )
