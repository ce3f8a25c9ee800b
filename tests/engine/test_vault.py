"""Tokens in the store are in the hands of one at a time, whatever the store and its clocks are."""

from __future__ import annotations

import base64
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from unittest.mock import patch

import pytest
from attrs import evolve
from tests.engine.test_store import NOW, planned
from tests.postgres import Database

from renkei.clock import Clock
from renkei.errors import BusyError
from renkei.http.oauth import Tokens
from renkei.people import FieldSpec, Label
from renkei.store.companies import Companies, Removed
from renkei.store.copying import copy_store
from renkei.store.owner import Owner
from renkei.store.store import Store
from renkei.store.vault import Vault

KEY = base64.b64encode(b"k" * 32).decode()
ONE = Tokens(access="access", refresh="refresh", ends_at=0.0)


class Impatient(Clock):
    """A clock on which waiting means giving up."""

    def sleep(self, seconds: float) -> None:
        raise TimeoutError


def vault_at(place: str, *, seen: Path | None = None, clock: Clock | None = None) -> Vault:
    """Return the vault of one grant."""
    return Vault(place, "of one grant", KEY, seen, clock or Clock())


ELSEWHERE = evolve(Owner.me(), host="other", boot="other", pids="other", clock="other")
"""A process of another machine."""


@pytest.mark.parametrize("set_by_s", [-100.0, 0.0, 100.0])
def test_a_clock_that_is_set_ends_nobodys_turn(tmp_path: Path, set_by_s: float) -> None:
    """Another machine is inside; what its clock or ours says is no matter."""
    place = str(tmp_path / "renkei.db")
    with (
        patch.object(Owner, "me", lambda: ELSEWHERE),
        vault_at(place),
        patch("time.time", lambda: time.monotonic() + set_by_s),
        pytest.raises(TimeoutError),
    ):
        vault_at(place, clock=Impatient()).__enter__()
    with vault_at(place, clock=Impatient()) as vault:
        assert vault.read() is None


def test_on_a_server_everybody_waits_for_their_turn(postgres: Database) -> None:
    """Nobody is refused, and nobody is inside beside somebody else."""
    inside, most, together = [0], [0], Barrier(4)

    def go_in(_n: int) -> None:
        together.wait(30)
        for _again in range(3):
            with vault_at(postgres.address) as vault:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                vault.write(ONE)
                inside[0] -= 1

    with patch("renkei.store.vault.POLL_S", 0.01), ThreadPoolExecutor(4) as pool:
        list(pool.map(go_in, range(4)))
    assert most == [1]


@pytest.mark.fault("F63")
def test_a_token_does_not_hide_that_a_store_is_an_older_copy(tmp_path: Path) -> None:
    """The first who writes notes it: everybody who may have been sent is looked up."""
    file, seen = tmp_path / "renkei.db", tmp_path / "seen"
    with closing(Store(str(file), seen=seen)) as store:
        run = planned(store)
        copy = file.read_bytes()
        store.cancel(run, NOW)
    file.write_bytes(copy)
    with vault_at(str(file), seen=seen) as vault:
        vault.write(ONE)
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("select 1 from facts where name = 'restored_at'").fetchone()


def test_a_store_does_not_move_while_a_token_is_exchanged(tmp_path: Path) -> None:
    """The new refresh token would be lost with the old store."""
    place, goal = str(tmp_path / "renkei.db"), str(tmp_path / "goal.db")
    with vault_at(place) as vault:
        with pytest.raises(BusyError, match="token"):
            copy_store(place, goal)
        vault.write(ONE)
    copy_store(place, goal)
    with vault_at(goal) as vault:
        assert vault.read() == ONE


def test_two_refreshes_at_once_lose_no_field(postgres: Database) -> None:
    """Each of them knows of all that was there before it."""
    specs = [FieldSpec(name=f"f{n}", label=Label(ja=f"f{n}", en=f"f{n}")) for n in range(4)]
    together = Barrier(4)
    with closing(Store(postgres.address)) as store:

        def refresh(n: int) -> None:
            for _again in range(3):
                together.wait(30)
                store.keep_fields("hr", "account", [specs[n]], NOW)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(refresh, range(4)))
        kept = store.own_fields("hr", "account")
    assert {spec.name for spec in kept.specs} | kept.gone == {spec.name for spec in specs}


@pytest.mark.postgres
def test_the_tokens_of_a_company_go_with_it(tmp_path: Path, database: Database | None) -> None:
    """Not before the last company that uses the grant; while one is fetched nobody is removed."""
    place = str(tmp_path / "renkei.db") if database is None else database.address

    def facts() -> set[str]:
        with closing(Store(place)) as store, store._reading() as connection:
            found = connection.exec_driver_sql("select name from facts").scalars()
            return {name.partition(":")[0] for name in found}

    def remove(name: str) -> int:
        with closing(Companies(place)) as store:
            planned(store)  # type: ignore[arg-type]  # a store, too
            removed = Removed(at=NOW, who="tester")
            return store.remove(name, removed).rows["tokens"]

    for company in ("", "beta"):
        with evolve(vault_at(place), company=company) as vault:
            vault.write(ONE)
            if company:
                with pytest.raises(BusyError, match="token"):
                    remove("beta")
    with closing(Companies(place)) as store:
        assert store.adopt("acme") == 1
    assert remove("acme") == 0
    with vault_at(place) as vault:
        assert vault.read() == ONE
    assert remove("beta") == 0
    assert remove("") == 1
    assert not facts() & {"token", "turn", "users"}
