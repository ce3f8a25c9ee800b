"""Connections to a server that a process keeps from one store to the next: used again, or anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.engine.test_store import planned
from tests.postgres import Database

from renkei.database import server as servers
from renkei.errors import NoStoreError, StoreError
from renkei.model import Status
from renkei.store.store import Store


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process keep its connections, as one that does many jobs does."""
    kept = servers._Kept(keeps=True)
    monkeypatch.setattr(servers, "_kept", kept)
    yield
    for engine in kept.engines.values():
        engine.dispose()


OTHERS = (
    "datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
)
"""Connections to the database of a test beside its own; others are on the same server."""


def connections(postgres: Database) -> int:
    """Return how many connections there are beside the one that asks."""
    return int(postgres.do(f"select count(*) from pg_stat_activity where {OTHERS}")[0][0])  # noqa: S608 - ours


@pytest.mark.usefixtures("keeping")
def test_a_connection_that_is_kept_is_used_again(postgres: Database) -> None:
    """By whoever opens the same store next; nothing of the one before is left in it."""
    for _each in range(3):
        with closing(Store(postgres.address)) as store:
            assert store.run(planned(store)).status is Status.READY
    assert connections(postgres) == 1
    of_ours = "database = (select oid from pg_database where datname = current_database())"
    locks = f"select count(*) from pg_locks where {of_ours} and pid <> pg_backend_pid()"  # noqa: S608 - ours
    assert postgres.do(locks) == [(0,)]
    assert postgres.do(f"select state from pg_stat_activity where {OTHERS}") == [("idle",)]  # noqa: S608 - ours


@pytest.mark.fault("F63")
@pytest.mark.usefixtures("keeping")
def test_a_kept_connection_that_is_lost_is_made_anew(postgres: Database) -> None:
    """The server was started anew while nothing was done."""
    with closing(Store(postgres.address)) as store:
        run = planned(store)
    postgres.lose_connections()
    with closing(Store(postgres.address)) as store:
        assert store.run(run).status is Status.READY


@pytest.mark.fault("F61")
@pytest.mark.usefixtures("keeping")
def test_a_store_that_has_become_newer_is_refused_over_a_kept_connection(
    postgres: Database,
) -> None:
    """It was whole when it was opened last: a newer renkei has been there since."""
    Store(postgres.address).close()
    postgres.do("update alembic_version set version_num = '9999'")
    with pytest.raises(StoreError, match="Upgrade renkei"):
        Store(postgres.address)


@pytest.mark.usefixtures("keeping")
def test_a_store_that_was_emptied_is_made_anew_over_a_kept_connection(postgres: Database) -> None:
    """Whatever was found there when it was opened last."""
    Store(postgres.address).close()
    postgres.do("drop schema public cascade", "create schema public")
    with pytest.raises(NoStoreError):
        Store(postgres.address, create=False)
    with closing(Store(postgres.address)) as store:
        assert store.run(planned(store)).status is Status.READY
