"""The job that a worker does in vain: what it leaves in the process, and nothing anywhere else."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa

from renkei import rehearsal
from renkei.database import compiled
from renkei.database.server import driver_arguments
from renkei.errors import StoreError
from renkei.logs import configure_logging
from renkei.runs import Runs
from renkei.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.postgres import Database

SCHEMAS = "select nspname from pg_namespace where nspname = 'renkei_rehearsal'"


def test_a_rehearsal_does_a_whole_job_and_leaves_nothing(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is as it was, no schema, thread or file is left; and the next one compiles less."""
    configure_logging(json=True, level="error")
    ended: list[str] = []
    real: Callable[..., object] = Runs.keep_schedule

    def kept(runs: Runs, *words: object) -> object:
        run = real(runs, *words)
        ended.append(f"{run.status.value} {run.outcomes}")  # type: ignore[attr-defined]
        return run

    monkeypatch.setattr(Runs, "keep_schedule", kept)
    before = postgres.contents()
    threads = threading.enumerate()
    rehearsal.rehearse(postgres.address)
    (how,) = ended
    assert how.startswith("done ")
    assert postgres.contents() == before
    assert postgres.do(SCHEMAS) == []
    assert threading.enumerate() == threads
    known = set(compiled._kept)
    rehearsal.rehearse(postgres.address)
    assert set(compiled._kept) == known


def test_a_rehearsal_that_cannot_be_leaves_nothing_either(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong in it, the schema is dropped; one that was left is, by the next."""
    postgres.do("create schema renkei_rehearsal", "create table renkei_rehearsal.runs (id int)")

    def fail(*_words: object) -> None:
        raise StoreError("away")

    monkeypatch.setattr(Runs, "keep_schedule", fail)
    with pytest.raises(StoreError, match="away"):
        rehearsal.rehearse(postgres.address)
    assert postgres.do(SCHEMAS) == []


def test_databases_of_one_kind_share_what_is_compiled(postgres: Database) -> None:
    """A second store on a server compiles nothing that the first has; a file has its own."""
    Store(postgres.address).close()
    store = Store(postgres.address)
    store.kept_schedules()
    store.close()
    known = set(compiled._kept)
    again = Store(postgres.address)
    again.kept_schedules()
    again.close()
    assert set(compiled._kept) == known
    kinds = {kind.name for kind, *_statement in known}
    assert "postgresql" in kinds
    assert all(issubclass(kind, sa.engine.default.DefaultDialect) for kind, *_ in known)


def test_a_rehearsal_that_hangs_holds_up_no_other_worker(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was frozen in its own is waited for, not for ever."""
    monkeypatch.setattr(rehearsal, "PATIENCE_S", 0.1)
    with closing(psycopg.connect(**driver_arguments(postgres.address))) as frozen:
        frozen.execute("select pg_advisory_lock(%s)", (rehearsal.LOCK,))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            rehearsal.rehearse(postgres.address)
