"""What the processes of this store use of one account's request limits, as they tell each other."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from renkei.http.pace import ALIVE_S, Others
from renkei.store.database import Database
from renkei.store.owner import Owner
from renkei.store.tables import paces


class Paces(Database):
    """The part of the store in which processes of one account meet, where limits are declared."""

    def meet(
        self, account: str, me: str, used: Mapping[float, int], *, leaving: bool = False
    ) -> Others:
        """
        Tell how many requests to *account* there are of *me* in each window; return the others'.

        Windows are in seconds. By the real clock, which machines that share a store may set
        differently by a second or two, as far as a pace needs it.
        """
        now = time.time()
        theirs = sa.and_(paces.c.account == account, paces.c.owner != me)
        mine = sa.and_(paces.c.account == account, paces.c.owner == me)
        with self._writing() as connection:
            rows = connection.execute(sa.select(paces).where(theirs)).mappings().all()
            over = now - max(used)
            connection.execute(
                sa.delete(paces).where(sa.or_(mine, sa.and_(theirs, paces.c.at < over)))
            )
            kept = {str(window): count for window, count in used.items()}
            row = {"account": account, "owner": me, "at": now, "used": kept, "leaving": leaving}
            connection.execute(sa.insert(paces).values(row))
        return Others(
            alive=sum(_goes_on(row, now) for row in rows),
            used={window: sum(_within(row, window, now) for row in rows) for window in used},
        )


def user_of_pace() -> str:
    """Return a name for one user of an account: this process, and which of its users it is."""
    return f"{Owner.me()} {secrets.token_hex(4)}"


def _goes_on(row: RowMapping, now: float) -> bool:
    """Tell whether another user of the account may ask for more."""
    if row["leaving"] or now - row["at"] >= ALIVE_S:
        return False
    process, _space, _which = row["owner"].rpartition(" ")
    return not Owner.parse(process).is_dead()


def _within(row: RowMapping, window: float, now: float) -> int:
    """Return how many requests of another process a system may still count in a window."""
    count: int = row["used"].get(str(window), 0)
    return count if now - row["at"] < window else 0
