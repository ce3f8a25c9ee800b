"""The journal: intent and outcome of every write, under the lease of the run that writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.errors import Hint, UsageError
from renkei.model import Item, Outcome, Remark, Selection, Status
from renkei.people import Others
from renkei.store import codec, lease
from renkei.store.database import SERVERS_NOW, keepers_now, locking
from renkei.store.history import History, here
from renkei.store.lease import Lease
from renkei.store.serial import free_number, put_accounts
from renkei.store.tables import (
    ACCEPTED,
    ANSWERED,
    NOT_STORED,
    UNFINISHED,
    items,
    runs,
    writes,
)
from renkei.store.views import begun, outcome_now, same_item
from renkei.words.codes import remark
from renkei.words.i18n import _

Passed = tuple[bool, Sequence[Remark] | None]
"""
Whether what is unusual in a choice is allowed, and which announcements let the rest pass.

None in their place: nobody had to ask.
"""

Allow = Callable[[], Passed]
"""Tells how a choice passes; raises UnusualError if it does not."""

GOOD = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.NOT_SELECTED)
"""A run is done without errors only if everybody has one of these."""

OPEN = ""
"""What stands here for the result of a write that has none."""


_ENDING = locking(
    sa.select(runs.c.status, runs.c.finished_at, runs.c.pauses, runs.c.usage).where(
        runs.c.company == sa.bindparam("company"), runs.c.id == sa.bindparam("run")
    )
)

# The caller matches ids to writes by their order.
_INTENTS = sa.insert(writes).returning(writes.c.id, sort_by_parameter_order=True)
_STAMPED = _INTENTS.values(sent_at=SERVERS_NOW)

_RESULT = (
    sa.update(writes)
    .where(writes.c.id == sa.bindparam("of"))
    .values(
        result=sa.bindparam("said"),
        result_at=sa.bindparam("when"),
        answer_id=sa.func.coalesce(sa.bindparam("named"), writes.c.answer_id),
    )
)
_OPEN = sa.or_(  # executemany takes no IN
    items.c.outcome.is_(None), *(items.c.outcome == outcome for outcome in UNFINISHED)
)
_RESULT_OR_OPEN = sa.func.coalesce(writes.c.result, OPEN)
_WRITES = (
    sa.select(
        items,
        writes.c.id.label("write_id"),
        writes.c.kind,
        writes.c.sent_at,
        writes.c.answer_id,
        _RESULT_OR_OPEN.label("result"),
    )
    .join(writes, same_item())
    .where(writes.c.run_id == sa.bindparam("run"))
    .where(_RESULT_OR_OPEN.in_(sa.bindparam("results", expanding=True)))
    .order_by(writes.c.id)
)
_UNSETTLED = sa.select(
    sa.exists().where(
        writes.c.run_id == sa.bindparam("run"),
        sa.or_(writes.c.result.is_(None), writes.c.result == ANSWERED),
    )
)
_UNDONE = sa.select(
    sa.exists().where(
        items.c.run_id == sa.bindparam("run"),
        items.c.selected,
        outcome_now().not_in([outcome.value for outcome in GOOD]),
    )
)
_OUTCOME = (
    sa.update(items)
    .where(items.c.run_id == sa.bindparam("run"), items.c.position == sa.bindparam("of"))
    .where(sa.or_(lease.HOLDS, _OPEN))  # a late answer is a fact, but the successor may know more
    .values(
        outcome=sa.bindparam("became"),
        outcome_reason=sa.bindparam("why"),
        detail=sa.bindparam("said"),
    )
)


@frozen(kw_only=True)
class Write:
    """
    One write of the journal that is not settled yet.

    *sent_at* is when its request left at the latest, in real seconds since 1970 on the clock of
    this computer; None: not known. *answer_id* is the id that the system gave somebody new.
    *others* are the further values that somebody had right before an update; of what an earlier
    process has left none is known.
    """

    id: int
    item: Item
    kind: str
    sent_at: float | None
    answer_id: str | None
    others: Others = field(factory=dict)


@frozen(kw_only=True)
class Told:
    """
    What became of one employee, and with *write_id* of that write.

    The result of the write is the outcome's name unless *result* says more; *answer_id* is the id
    of somebody new. ``unknown`` leaves the write open.
    """

    position: int
    outcome: Outcome
    at: dt.datetime
    write_id: int | None = None
    result: str | None = None
    answer_id: str | None = None
    reason: Remark | None = None
    detail: str | None = None


class Journal(History):
    """The part of the store that makes a sync safe to interrupt anywhere."""

    def has_begun(self, run_id: str) -> bool:
        """Return whether the first intent has been committed."""
        key = self._key(run_id)
        with self._reading() as connection:
            return begun(connection, key)

    def begin_sync(
        self,
        run_id: str,
        at: dt.datetime,
        who: str,
        *,
        account: str,
        selection: Selection | None = None,
        allow: Allow = lambda: (False, None),
        retry_failed: bool = False,
        take_over: bool = False,
    ) -> Lease:
        """
        Take the lease on the target's *account* and mark the run as syncing, or raise BusyError.

        A run that is over stays so: what is in doubt may be looked up. One that somebody has
        cancelled meanwhile stays so even with *retry_failed*.
        With *selection*, UsageError unless that is still the choice. *allow* is asked under the
        lease, in the transaction that takes it: what it raises leaves everything as it was.
        With *take_over* a process of unknown fate is not waited for.
        With *retry_failed* every ``failed`` outcome is kept as an earlier try and tried again.
        """
        with self._writing() as connection:
            # The run is locked before the lease, as everywhere: nobody waits in a circle.
            # docs/decisions/2026-11-29-store-on-postgresql.md
            row = self._row(connection, run_id, lock=True)
            key: int = row["id"]
            if selection and row["selection"] != codec.selection_out(selection):
                raise another_choice(run_id)
            held, from_another = self._take_lease(
                connection, row, account, who, at, take_over=take_over
            )
            # It belongs to the company that used it last: docs/decisions/2026-11-29-companies.md
            put_accounts(connection, self.company, {row["target"]: account})
            self._note("synced", key, again=retry_failed)
            if from_another:
                self._note("taken_over", key)
                self._update(connection, key, taken_over_by=who)
            status = Status(row["status"])
            if status is Status.CANCELLED or (status.is_over and not retry_failed):
                return held
            # Nobody else chooses, releases or writes until this transaction ends.
            with self._seen_by(connection):
                allowed, expected = allow()
            if retry_failed:
                _forget_failed(connection, key)
            if allowed:
                self._note("unusual_allowed", key)
            self._update(
                connection,
                key,
                status=Status.SYNCING.value,
                sync_started_at=row["sync_started_at"] or at,
                synced_by=who,
                target_account=account,
                finished_at=None,
                reason=None,
                resume_at=None,
                **_without_a_word(row),
                **_let_pass(row, who if allowed else None, expected),
            )
            return held

    def _take_lease(
        self,
        connection: Connection,
        row: RowMapping,
        account: str,
        who: str,
        at: dt.datetime,
        *,
        take_over: bool,
    ) -> tuple[Lease, bool]:
        """Return the lease for the run in *row*, and whether somebody may still have held one."""
        key: int = row["id"]
        ended = lease.end_opposite(connection, row, account, take_over=take_over)
        ended |= lease.end_others(connection, account, key, take_over=take_over)
        held, from_another = lease.acquire(
            connection,
            account,
            row["target"],
            key,
            who,
            at,
            company=self.company,
            take_over=take_over,
        )
        return held, ended or from_another

    def end_sync(
        self,
        held: Lease,
        status: Status | None,
        at: dt.datetime,
        reason: Remark | None = None,
        resume_at: dt.datetime | None = None,
        *,
        told: Sequence[Told] = (),
        usage: Mapping[str, Any] | None = None,
    ) -> Status:
        """
        Record the last outcomes, and how the sync ended or why it paused; give the lease back.

        With None it is done, with errors or without. *usage* is what it cost, beside what the fetch
        has cost. Returns how the run stands: one that was cancelled stays so. BusyError, and
        nothing of it is kept, if the lease was taken over.
        """
        with self._writing() as connection:
            asked = {"company": self.company, "run": held.run_id}
            before = connection.execute(_ENDING, asked).mappings().one()
            lease.release(connection, held)
            _record(connection, held, told)
            # No line of the audit log: a sync must not stop for one. The run tells how it ended.
            # docs/decisions/2026-11-29-audit-log.md
            columns: dict[str, object] = {}
            if usage is not None:
                columns["usage"] = {**before["usage"], **usage}
            if before["status"] == Status.CANCELLED:
                status = Status.CANCELLED
            else:
                status = status or _done(connection, held.run_id)
                columns |= _end(before, status, at, reason)
                columns["resume_at"] = resume_at
            if columns:
                self._update(connection, held.run_id, **columns)
            return status

    def renew(self, held: Lease) -> None:
        """Renew the lease; BusyError if it was taken over."""
        with self._writing() as connection:
            lease.renew(connection, held)

    def intend(
        self, held: Lease, told: Sequence[Told], wanted: Sequence[tuple[int, str]], at: dt.datetime
    ) -> list[int] | None:
        """
        Commit outcomes, and the intents of the next writes, only while the lease holds; renew it.

        *wanted* are positions and kinds; returns the ids of their intents, in that order. None:
        somebody asked to stop; the outcomes are kept. BusyError, and nothing of it is kept, if the
        lease was taken over.
        """
        with self._writing() as connection:
            status = self._status(connection, held.run_id, lock=True)
            lease.renew(connection, held)  # raises if another took over while this one slept (F51)
            _record(connection, held, told)
            if status == Status.CANCELLED:
                return None
            if not wanted:
                return []
            common = {"run_id": held.run_id, "token": held.token, "intent_at": at}
            # Real time, whatever the calendar says: docs/decisions/2026-11-28-creates-in-doubt.md
            if not self._on_server:
                common |= {"sent_at": keepers_now(connection)}
            # SQLite would use the numbers of removed writes again.
            first = free_number(connection, writes).get("id")
            rows: list[dict[str, object]] = []
            for nth, (position, kind) in enumerate(wanted):
                row = {**common, "position": position, "kind": kind}
                if first is not None:
                    row["id"] = first + nth
                rows.append(row)
            intents = _STAMPED if self._on_server else _INTENTS
            return list(connection.execute(intents, rows).scalars())

    def stamp(self, held: Lease, sent: Collection[int]) -> None:
        """Record that the request of some writes leaves now, and renew the lease."""
        with self._writing() as connection:
            lease.renew(connection, held)
            now = SERVERS_NOW if self._on_server else keepers_now(connection)
            connection.execute(sa.update(writes).where(writes.c.id.in_(sent)).values(sent_at=now))

    def record(self, held: Lease, told: Sequence[Told]) -> None:
        """
        Commit the outcomes of some employees, and the results of their writes.

        A result that arrives after the lease was lost is still recorded, being a fact about the
        other system, unless the successor has found out more.
        """
        with self._writing() as connection:
            self._status(connection, held.run_id, lock=True)
            _record(connection, held, told)

    def close_write(self, write_id: int, result: str, at: dt.datetime) -> None:
        """Record that a write had no effect, so that it may be sent again under a new intent."""
        with self._writing() as connection:
            connection.execute(
                sa.update(writes).where(writes.c.id == write_id).values(result=result, result_at=at)
            )

    def open_writes(self, run_id: int) -> list[Write]:
        """Return the writes of a run whose fate is unknown, oldest first."""
        return self._writes(run_id, (OPEN,))[OPEN]

    def _writes(self, run_id: int, results: Sequence[str]) -> dict[str, list[Write]]:
        """Return the writes of a run that have these results, oldest first, by result."""
        asked = {"run": self._key(str(run_id)), "results": results}
        found: dict[str, list[Write]] = {result: [] for result in results}
        with self._reading() as connection:
            rows = connection.execute(_WRITES, asked).mappings().all()
            sent = [row["sent_at"] for row in rows]
            for row, sent_at in zip(rows, here(connection, sent), strict=True):
                write = Write(
                    id=row["write_id"],
                    item=self._item(connection, row),
                    kind=row["kind"],
                    sent_at=sent_at,
                    answer_id=row["answer_id"],
                )
                found[row["result"]].append(write)
        return found

    def cancel(self, run_id: str, at: dt.datetime) -> bool:
        """
        Cancel a run; a process that syncs it finds out with its next intent.

        False, and nothing is done: it has come to its end since the caller has looked.
        """
        with self._writing() as connection:
            row = self._row(connection, run_id, lock=True)
            status, key = Status(row["status"]), row["id"]
            if status.is_over and status is not Status.EXPIRED:
                return False
            self._note("cancelled", key)
            self._update(
                connection,
                key,
                status=Status.CANCELLED.value,
                finished_at=at,
                reason=codec.remark_out(remark("stopped")),
                resume_at=None,
            )
            return True

    def is_unsettled(self, run_id: str) -> bool:
        """Return whether a write of a run is in doubt, or was answered and not looked at since."""
        asked = {"run": self._key(run_id)}
        with self._reading() as connection:
            return bool(connection.execute(_UNSETTLED, asked).scalar())

    def may_retry(self, run_id: str) -> bool:
        """Return whether somebody who failed in a run may be tried again."""
        query = sa.select(items.c.position).where(_retriable(self._key(run_id)))
        with self._reading() as connection:
            return bool(connection.execute(sa.select(query.exists())).scalar())

    def expire(self, run_id: str, at: dt.datetime) -> None:
        """Let a paused run be over: its plan is too old."""
        with self._writing() as connection:
            row = self._row(connection, run_id, lock=True)
            has_begun = row["status"] in (Status.SYNCING, Status.PAUSED)
            if not has_begun or lease.holder(connection, row["id"]) is not None:
                return
            self._update(
                connection,
                row["id"],
                status=Status.EXPIRED.value,
                finished_at=at,
                reason=None,
                resume_at=None,
            )

    def is_cancelled(self, run_id: int) -> bool:
        """Return whether somebody has asked a run to stop."""
        with self._reading() as connection:
            return self._status(connection, run_id) == Status.CANCELLED


def _record(connection: Connection, held: Lease, told: Sequence[Told]) -> None:
    """Record what became of some employees, one after the other."""
    results: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    for each in told:
        is_settled = each.outcome is not Outcome.UNKNOWN
        if each.write_id and is_settled:
            result = {
                "of": each.write_id,
                "said": each.result or each.outcome.value,
                "when": each.at,
                "named": each.answer_id,
            }
            results.append(result)
        outcome = {
            "run": held.run_id,
            "owned": held.account,
            "held": held.token,
            "of": each.position,
            "became": each.outcome.value,
            "why": codec.remark_out(each.reason),
            "said": each.detail,
        }
        outcomes.append(outcome)
    _for_each(connection, _RESULT, results)
    _for_each(connection, _OUTCOME, outcomes)


def _for_each(connection: Connection, statement: sa.Update, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def _done(connection: Connection, run_id: int) -> Status:
    """Return how a run has ended with which nothing more is done."""
    has_errors = connection.execute(_UNDONE, {"run": run_id}).scalar()
    return Status.DONE_WITH_ERRORS if has_errors else Status.DONE


def _end(
    before: RowMapping, status: Status, at: dt.datetime, reason: Remark | None
) -> dict[str, object]:
    """Return what is kept of how a sync has ended; *before* is how the run was kept until now."""
    if status is Status.PAUSED:
        finished_at, pauses = None, _with_pause(before["pauses"], reason)
    else:
        # A finished run that has only settled its doubts keeps the time of its end.
        finished_at, pauses = before["finished_at"] or at, before["pauses"]
    return {
        "status": status.value,
        "finished_at": finished_at,
        "reason": codec.remark_out(reason),
        "pauses": pauses,
    }


def _without_a_word(row: RowMapping) -> dict[str, object]:
    """Return that the sync before was interrupted, if its process has ended without a word."""
    if row["status"] != Status.SYNCING:
        return {}
    return {"pauses": _with_pause(row["pauses"], remark("interrupted"))}


def _let_pass(
    row: RowMapping, allowed_by: str | None, expected: Sequence[Remark] | None
) -> dict[str, object]:
    """Return what is kept of whatever lets a choice pass: who allowed it, and announcements."""
    kept: dict[str, object] = {}
    if allowed_by is not None:  # then the numbers of this run are what is usual from now on
        kept["allowed_by"] = allowed_by
        kept |= {"usual": row["source_count"], "usual_target": row["target_count"]}
    if expected is not None:
        kept["expected"] = codec.remarks_out(expected)
    return kept


def _with_pause(pauses: list[str] | None, reason: Remark | None) -> list[str]:
    codes = list(pauses or [])
    if reason is not None:
        codes.append(reason.code)
    return list(dict.fromkeys(codes))


def _retriable(run_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that an employee of the run failed and may be tried again."""
    accepted = sa.select(writes.c.position).where(
        writes.c.run_id == run_id,
        writes.c.kind == "create",  # the system may have somebody, whatever a look shows
        writes.c.result.in_((ACCEPTED, NOT_STORED)),
    )
    return sa.and_(
        items.c.run_id == run_id,
        items.c.outcome == Outcome.FAILED.value,
        items.c.position.not_in(accepted),
    )


def _forget_failed(connection: Connection, run_id: int) -> None:
    """Let those who failed be tried again; what became of them is kept beside the next try."""
    for row in connection.execute(sa.select(items).where(_retriable(run_id))).mappings().all():
        last = codec.try_out(row["outcome"], row["outcome_reason"], row["detail"])
        connection.execute(
            sa.update(items)
            .where(items.c.run_id == run_id, items.c.position == row["position"])
            .values(
                earlier=[*(row["earlier"] or []), last],
                outcome=None,
                outcome_reason=None,
                detail=None,
            )
        )


def another_choice(run_id: str) -> UsageError:
    """Return the error of a choice that was replaced before its sync began."""
    message = _(
        "Somebody else has chosen for run {run} in the meantime."
        " Look at the differences and choose again."
    )
    hint = Hint("plan", {"run": run_id})
    return UsageError(message.format(run=run_id), code="choice_changed", hint=hint)
