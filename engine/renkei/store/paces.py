"""What the processes of this store use of one account's request limits, as they tell each other."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from renkei.database.server import lock_number
from renkei.http.pace import ALIVE_S, CLAIM_S, Share, Window, claim
from renkei.store.database import Database, keepers_now
from renkei.store.owner import Owner
from renkei.store.tables import paces

LOCK = 7236535
"""Of the locks of a server that renkei takes: that of an account whose users meet."""

_USERS = sa.select(paces).where(paces.c.account == sa.bindparam("of"))
_SET_BACK = (
    sa.update(paces)
    .where(paces.c.account == sa.bindparam("of"), paces.c.at > sa.bindparam("now"))
    .values(at=sa.bindparam("now"))
)
_ONE = sa.and_(paces.c.account == sa.bindparam("of"), paces.c.owner == sa.bindparam("who"))
_FORGET = sa.delete(paces).where(_ONE)
_MINE = sa.update(paces).where(_ONE)


class Paces(Database):
    """The part of the store in which processes of one account meet, where limits are declared."""

    def meet(
        self, account: str, me: str, windows: Sequence[Window], *, leaving: bool = False
    ) -> Share:
        """
        Tell what *me* has used of the limits of *account*; return what it may use, that included.

        One user at a time: what one claims is gone for the next. By the real clock of the
        keeper of the store: this computer, or the server. Whatever the company: the limits are
        those of the account.
        """
        with self._writing() as connection:
            now = self._now_alone(connection, account)
            # Said before somebody set the clock back: for hours it would count as of just now.
            connection.execute(_SET_BACK, {"of": account, "now": now})
            everybody = connection.execute(_USERS, {"of": account}).mappings().all()
            rows = [row for row in everybody if row["owner"] != me]
            others = sum(_goes_on(row, now) for row in rows)
            room: dict[float, int] = {}
            used: dict[str, list[int]] = {}
            for window in windows:
                more = _claimed(window, rows, others, now)
                room[window.seconds] = window.used + more
                used[str(window.seconds)] = [window.used, 0 if leaving else more]
            _forget_old(connection, rows, windows, now)
            said = {"at": now, "used": used, "leaving": leaving}
            is_known = len(rows) < len(everybody)
            if is_known:
                connection.execute(_MINE, {**said, "of": account, "who": me})
            else:
                mine = {"account": account, "owner": me, "company": self.company}
                connection.execute(sa.insert(paces), {**mine, **said})
        return Share(others, room)

    def _now_alone(self, connection: Connection, account: str) -> float:
        """Return the time, when nobody else is meeting: a file has one writer anyway."""
        if self._on_server:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK, lock_number(account))))
        return keepers_now(connection)


def _forget_old(
    connection: Connection, rows: Sequence[RowMapping], windows: Sequence[Window], now: float
) -> None:
    """Remove the *rows* of users who have gone, and of whom nothing counts any more."""
    # ALIVE_S, too: a process may wait for an answer for longer than the longest window.
    longest_s = max(each.seconds for each in windows)
    over = now - max(ALIVE_S, longest_s)
    for row in rows:
        if row["at"] < over:
            connection.execute(_FORGET, {"of": row["account"], "who": row["owner"]})


def user_of_pace() -> str:
    """Return a name for one user of an account: this process, and which of its users it is."""
    return f"{Owner.me()} {secrets.token_hex(4)}"


def _goes_on(row: RowMapping, now: float) -> bool:
    """Tell whether another user of the account may ask for more."""
    if row["leaving"] or now - row["at"] >= ALIVE_S:
        return False
    process, _space, _which = row["owner"].rpartition(" ")
    return not Owner.parse(process).is_dead()


def _claimed(window: Window, rows: Sequence[RowMapping], others: int, now: float) -> int:
    theirs = sum(_counts(row, window, now) for row in rows)
    return claim(window, theirs, others)


def _counts(row: RowMapping, window: Window, now: float) -> int:
    """Return how many requests of another user a system may count in a window, or soon will."""
    used, claimed = row["used"].get(str(window.seconds), (0, 0))
    age_s = now - row["at"]
    count = 0
    if age_s < window.seconds:
        count += used
    if age_s < CLAIM_S:
        count += claimed
    return count
