"""Puts what a person has asked for into the queue at once: a dashboard does no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renkei.cluster.place import ours, version_in
from renkei.database.server import driver_arguments
from renkei.errors import RenkeiError
from renkei.logs import log
from renkei.schedule.job import Claim

if TYPE_CHECKING:
    from psycopg import Connection

DELIVER = "deliver"
"""The one task there is."""


def name_of(claim: Claim) -> str:
    """Return what the queue knows a claim by; one line, or procrastinate stumbles over a double."""
    return f"{claim.company} {claim.schedule} {claim}"


def words_of(claim: Claim) -> dict[str, str]:
    """Return what a delivery says of a claim."""
    return {"company": claim.company, "schedule": claim.schedule, "claim": str(claim)}


def put(address: str, claim: Claim, account: str) -> None:
    """
    Put a job that the store has into the queue in the database at *address*.

    Whatever hinders it is a line of the log: a worker that looks finds the job in the store.
    """
    from procrastinate.exceptions import ProcrastinateException

    try:
        # A queue of another version is left alone: its workers make it anew, from the store.
        if version_in(address) == ours():
            _put(address, claim, account)
    except (RenkeiError, ProcrastinateException) as error:
        log.warning("not_in_queue", kind=type(error).__name__)


def _put(address: str, claim: Claim, account: str) -> None:
    from procrastinate import App, SyncPsycopgConnector

    connector = SyncPsycopgConnector(
        kwargs=driver_arguments(address), min_size=1, max_size=1, configure=_enter
    )
    with App(connector=connector).open() as app:
        name = name_of(claim)
        app.configure_task(DELIVER, lock=account, queueing_lock=name, allow_unknown=True).defer(
            **words_of(claim)
        )


def _enter(connection: Connection[Any]) -> None:
    connection.execute("set search_path to renkei_queue")
    connection.commit()
