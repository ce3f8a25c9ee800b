"""What every part of the store shares: transactions, and the walls around a company.

SQLite has one writer at a time. On a server each transaction that decides by what it reads locks it
first, always in this order: the company, its jobs, the run, the lease of an account, the writes and
employees of the run, the serial of the store.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.database import server
from renkei.database.refusals import damaged
from renkei.errors import NoRoomError, UsageError
from renkei.observer import Observer
from renkei.store import schema, serial
from renkei.store.audit import Entry, append
from renkei.store.serial import RESTORED, Mark, Seen, insert_unless_there, keep
from renkei.store.tables import facts
from renkei.who import recorded
from renkei.words.codes import remark
from renkei.words.i18n import _

T = TypeVar("T")

SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""How a server lets one moment be read; a file shows nothing else."""

COMPANY_LOCK = 7236537
"""Of the locks of a server that renkei takes: that of a company, which may be removed."""

KEY = "account_key"
"""The fact with which accounts are told apart; it never leaves the store."""


class Database:
    """
    The report store at *place*, a file or a PostgreSQL database; several processes may share one.

    It is made with *create* if it is not there (*made*), else NoStoreError is raised. *backup* is
    the copy that was made because the store was of an older renkei, else None. *seen* is the file
    in which this computer keeps what it has last seen of the store: *is_older* tells whether that
    was more than there is, or another store. The first transaction notes it.

    It is opened for one *company*: what belongs to another one is as if it did not exist, even if
    somebody guesses an id. See :meth:`_of` and `Views._key`. *who* stands in its audit log.
    """

    def __init__(
        self,
        place: str,
        *,
        company: str = "",
        create: bool = True,
        seen: Path | None = None,
        who: str | None = None,
    ) -> None:
        self.company = company
        self._who = who or recorded(None)
        self._mine = threading.local()  # several threads use one store, each in its transaction
        # Keys that a query with our company has found: docs/decisions/2026-11-29-companies.md
        self._given: set[int] = set()
        self._seen = Seen(seen)
        last = self._seen.last()  # before the store, which may grow meanwhile
        self._opened = schema.open_store(place, create=create)
        self._engine, self._place = self._opened.engine, self._opened.place
        self.backup, self.made = self._opened.backup, self._opened.made
        self._on_server = self._opened.path is None
        self._mark = 0
        self._store_id = ""
        self.is_older = False
        self._secret = b""
        self._removals = ""
        # Without either there is nothing to compare, and opening costs no transaction.
        if seen or company:
            self.is_older = self._is_older_than(last)

    @property
    def place(self) -> str:
        """Where the store is, as people are shown it."""
        return self._place

    def act_for(self, who: str) -> None:
        """Let *who* stand in the audit log from now on."""
        self._who = who

    def tell(self, observer: Observer) -> None:
        """Tell what opening it has shown: that it was made, brought up to date, or is older."""
        if self.made:
            observer.news(remark("store_made", place=self.place))
        if self.backup is not None:
            observer.warning(remark("store_upgraded", place=str(self.backup)))
        if self.is_older:
            observer.warning(remark("store_restored", place=self.place))

    def close(self) -> None:
        """Let go of the database."""
        server.let_go(self._engine)
        self._seen.close()

    def _is_older_than(self, last: Mark | None) -> bool:
        now = self._now()
        if last is not None and (last.id != now.id or last.serial > now.serial):
            return True
        self._seen.keep(now)
        return False

    def _now(self) -> Mark:
        """Return what is there, and keep what the store is asked for all the time."""
        removals = serial.removals(self.company)
        with self._reading() as connection:
            kept = serial.facts_of(connection, [serial.ID, KEY, removals])
            self._secret = bytes.fromhex(kept.get(KEY, ""))
        self._store_id = kept.get(serial.ID, "")
        if self.company:  # the only company of a store is never removed
            self._removals = kept.get(removals, "")
        return Mark(self._store_id, self._mark)

    def serial_now(self) -> int:
        """Return the serial of the last commit, whoever made it."""
        with self._reading() as connection:
            return serial.read(connection)

    def note_restored(self) -> None:
        """Keep that what was sent of late may not be in this store."""
        with self._writing() as connection:
            self._note("store_restored")
            keep(connection, RESTORED, repr(keepers_now(connection)))

    def account(self, identity: str) -> str:
        """
        Return what this store calls the account of *identity*, which holds its token.

        It is a digest with a key of this store alone: nobody can try tokens on it elsewhere.
        """
        return self.digest(identity)

    def digest(self, text: str) -> str:
        """Return a digest of *text* with a key of this store."""
        if not self._secret:
            key = self._fact(KEY) or self._new_fact(KEY, secrets.token_hex(32))
            self._secret = bytes.fromhex(key)
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def _fact(self, name: str) -> str | None:
        with self._reading() as connection:
            return serial.fact(connection, name)

    def _new_fact(self, name: str, value: str) -> str:
        """Keep *value*, unless another process was faster; return what is kept."""
        with self._writing() as connection:
            insert_unless_there(connection, facts, {"name": name, "value": value})
            query = sa.select(facts.c.value).where(facts.c.name == name)
            kept: str = connection.execute(query).scalar_one()
            return kept

    @contextmanager
    def _reading(self, *, settled: sa.Table | None = None) -> Iterator[Connection]:
        """
        Let the block read what is there at one moment.

        Nobody is in the middle of a change of the table *settled* then.
        """
        moment: Connection | None = getattr(self._mine, "moment", None)
        looked = self._look(settled) if moment is None else nullcontext(moment)
        with schema.translated(self._place), looked as connection:
            try:
                yield connection
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                raise damaged(self._place) from None  # a row that cannot be understood

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """
        Let all that this thread reads in the block be of one moment: one transaction, not many.

        Nothing is written in it, and nobody outside is waited for. The row of a run is read once.
        """
        if getattr(self._mine, "moment", None) is not None:
            yield
            return
        # Not around the block: what goes wrong in there need not be an error of the store.
        with ExitStack() as stack:
            with schema.translated(self._place):
                self._mine.moment = stack.enter_context(self._look())
            self._mine.rows = {}
            try:
                yield
            finally:
                self._mine.moment = None
                del self._mine.rows
            with schema.translated(self._place):
                stack.close()

    @contextmanager
    def _seen_by(self, connection: Connection) -> Iterator[None]:
        """Let all that this thread reads in the block be read by the transaction it is in."""
        self._mine.moment = connection
        try:
            yield
        finally:
            self._mine.moment = None

    @contextmanager
    def _look(self, settled: sa.Table | None = None) -> Iterator[Connection]:
        """Begin a transaction that only reads."""
        self._refuse_another_file()
        known = self._mark

        def first(connection: Connection) -> None:
            if settled is not None and self._on_server:  # in a file there is one writer anyway
                server.freeze(connection, settled.name)
            self._note_mark(serial.read(connection), known)

        options = SNAPSHOT if self._on_server else {}
        with self._begun(first, options) as (connection, _nothing):
            yield connection

    @contextmanager
    def _begun(
        self, first: Callable[[Connection], T], options: Mapping[str, Any]
    ) -> Iterator[tuple[Connection, T]]:
        """
        Let the block be a transaction, which begins with what *first* asks and returns.

        A server that was started anew is found out by that (F63): it is asked once more over a new
        connection, since nothing has been begun yet.
        """
        begun = False
        for once_more in (True, False):
            try:
                with self._engine.connect().execution_options(**options) as c, c.begin():
                    found = first(c)
                    begun = True
                    yield c, found
            except sa.exc.DBAPIError as error:
                if begun or not (once_more and error.connection_invalidated):
                    raise
            else:
                return

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._transaction(renkei_writes=True) as connection:
            yield connection

    @contextmanager
    def _transaction(self, *, moving: bool = False, **options: bool) -> Iterator[Connection]:
        """
        Let the block write, all of it or nothing.

        The file is looked at before, and after the commit too: an intent that nobody will find
        again must not be acted upon (F83). Each commit leaves a higher serial in the store, so that
        an older copy in the same place is recognized. *moving*: the store lives elsewhere after it.
        What the block notes is committed with it, or the block is undone.
        """
        if getattr(self._mine, "moment", None) is not None:
            raise RuntimeError("nothing is written in a moment that is only looked at")
        self._refuse_another_file()
        known = self._mark
        noted: list[Entry] = []
        self._mine.noted = noted

        def first(connection: Connection) -> int:
            mark, kept = serial.standing(connection)
            self._note_mark(mark, known)
            self._refuse_moved(connection, kept)
            return mark

        with schema.translated(self._place), self._begun(first, options) as (connection, last):
            if self.is_older:  # those who send from here on have to know
                keep(connection, RESTORED, repr(keepers_now(connection)))
            yield connection
            # Right before the commit, since all others wait from here on. The log comes after it:
            # now no other transaction can write into that. docs/decisions/2026-11-29-audit-log.md
            mark = serial.advance(connection, last)
            if noted:
                self._append(connection, noted)
            others_came_first = mark != last + 1
            if self._on_server and others_came_first and not moving:
                # One of them may have moved the store: the look at the beginning was too early.
                self._refuse_moved(connection, serial.standing(connection)[1])
        self._mark = max(self._mark, mark)
        self.is_older = False
        self._refuse_another_file()
        self._seen.keep(Mark(self._store_id, mark))

    def _append(self, connection: Connection, noted: Sequence[Entry]) -> None:
        try:
            append(connection, self.company, self._who, noted)
        except ValueError:
            raise damaged(self._place) from None  # nobody can tell how the log ends

    def _note(self, act: str, run: object = None, **facts: object) -> None:
        """Let the transaction that this thread is in commit a line of the audit log, too."""
        entry = Entry(act=act, run=None if run is None else str(run), facts=facts)
        self._mine.noted.append(entry)

    def _refuse_another_file(self) -> None:
        if not self._opened.is_there():
            raise schema.replaced(self._place)

    def _note_mark(self, mark: int, known: int) -> None:
        """Note the serial of the last commit; StoreError if it is before one we have *known*."""
        if mark < known:
            raise schema.replaced(self._place)
        self._mark = max(self._mark, mark)

    def _refuse_moved(self, connection: Connection, kept: Mapping[str, str]) -> None:
        """
        Raise StoreError if the store lives elsewhere now; give it an id if it has none yet.

        *kept* are the facts that tell so.
        """
        if serial.MOVED in kept:
            raise schema.moved(self._place, kept[serial.MOVED])
        if serial.ID not in kept:
            new = secrets.token_hex(16)
            insert_unless_there(connection, facts, {"name": serial.ID, "value": new})
            _mark, kept = serial.standing(connection)
        self._store_id = kept[serial.ID]

    def _in_any_room(self, work: Callable[[Connection], T]) -> T:
        """
        Return what *work*, a small transaction, returns; where the disk is full, without a journal.

        That is the one way to free room where there is none at all. A process that is killed in
        the few milliseconds of its commit may leave the file damaged.
        """
        try:
            with self._writing() as connection:
                return work(connection)
        except NoRoomError:
            if self._on_server:  # a server keeps its own journal
                raise
            with self._transaction(renkei_writes=True, renkei_in_place=True) as connection:
                done = work(connection)
                connection.detach()  # no other transaction goes without its journal
            return done

    def try_writing(self) -> None:
        """Raise StoreError if nothing can be written; nothing is."""
        self._refuse_another_file()
        known = self._mark
        with (
            schema.translated(self._place),
            self._engine.connect().execution_options(renkei_writes=True) as connection,
            connection.begin() as nothing,
        ):
            mark, kept = serial.standing(connection)
            self._note_mark(mark, known)
            self._refuse_moved(connection, kept)
            serial.advance(connection, 0)  # any write shows whether one is possible
            nothing.rollback()

    @staticmethod
    def _removed(connection: Connection, company: str) -> str:
        """Return how often a company of that name was removed."""
        if not company:
            return ""  # the only company of a store is never removed
        return serial.fact(connection, serial.removals(company)) or ""

    def _refuse_removed(self, connection: Connection) -> None:
        """
        Raise UsageError if our company was removed since the store was opened for it.

        Until this transaction has ended it is not: a server hands out what is not committed to
        nobody, so it could not be seen to be there.
        """
        self._hold_company(connection, self.company)
        if self._removed(connection, self.company) != self._removals:
            message = _("The company {company} was removed meanwhile, so nothing was done.")
            raise UsageError(message.format(company=self.company), code="company")

    def _hold_company(self, connection: Connection, company: str, *, alone: bool = False) -> None:
        """Let nobody remove a company until this transaction ends; *alone*: nor begin anything."""
        if self._on_server:
            lock = sa.func.pg_advisory_xact_lock if alone else sa.func.pg_advisory_xact_lock_shared
            connection.execute(sa.select(lock(COMPANY_LOCK, server.lock_number(company))))

    def _of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Return the condition that rows of *table* are of our company: every query has it."""
        column: sa.Column[str] = table.c.company
        return column == self.company


def locking(query: sa.Select[Any]) -> sa.Select[Any]:
    """
    Return *query* so that nobody else changes what it finds until this transaction ends.

    What is read afterwards is as the last one has left it. SQLite has one writer at a time anyway.
    """
    return query.with_for_update(key_share=True)


# now() would be the beginning of the transaction, which may have waited for a lock since.
SERVERS_NOW = sa.extract("epoch", sa.func.clock_timestamp())
"""The time by the clock of a server, for a statement that keeps it: see :func:`keepers_now`."""

_SERVERS_NOW = sa.select(SERVERS_NOW)


def keepers_now(connection: Connection) -> float:
    """Return the time, in seconds since 1970, on the clock of the store's keeper.

    That is the server, or this computer. What is compared by several computers is said on it.
    """
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.execute(_SERVERS_NOW).scalar_one())


def keeper_ahead_s(connection: Connection) -> float:
    """Return by how many seconds the clock of the store's keeper is ahead of this computer's."""
    if connection.dialect.name == "sqlite":
        return 0.0
    return keepers_now(connection) - time.time()


def key_of(result: sa.CursorResult[Any]) -> int:
    """Return the primary key that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row always has one
    return int(key[0])


def number_in(text: str) -> int | None:
    """Return the number of a row that *text* is, which anybody may type; None if it can be none."""
    is_number = text.isascii() and text.isdigit()  # "²" is a digit, too, and no int
    if not is_number or len(text) > 15:  # a longer one may not fit the column
        return None
    return int(text)
