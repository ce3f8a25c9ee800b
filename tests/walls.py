"""Walls between companies: every statement that any test lets a store execute is looked at.

A statement on a table whose rows are of companies has to say which company, or name the key of a
run, or of what belongs to it, that a query with the company has given. A fact of a company is known
by its name. Plain text cannot be looked into: it names no such table. What is about the whole store
on purpose is named here, and nothing else passes. The dashboard's own tables are looked at, too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary, ref

import pytest
import sqlalchemy as sa
from attrs import define, field
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, TextClause

from renkei.store import audit, companies
from renkei.store.accounts import used
from renkei.store.database import Database
from renkei.store.purge import retained
from renkei.store.tables import accounts, facts, items, leases, metadata, paces, runs, writes
from renkei_web.database import Database as Desk
from renkei_web.tables import drafts, rights

WALLED = {table for table in metadata.tables.values() if "company" in table.c}
WALLED |= {items, writes, facts, drafts, rights}

NAMED = re.compile(rf"\b({'|'.join(table.name for table in WALLED - {facts})})\b")
"""One of them in plain text; what is asked of ``facts`` so is about the store as a whole."""

NO_ROWS = ("lock table ", "vacuum ", "select pg_total_relation_size(")
"""What text that names such a table begins with where it shows and changes no row of it."""

KEYS: Mapping[sa.Table, str] = {runs: "id", items: "run_id", writes: "run_id", leases: "run_id"}
"""The column that holds the key of a run: code that names one has been given it."""

SHARED: Mapping[sa.Table, Collection[str]] = {
    leases: ("account",),  # one writer to an account, whatever the company
    paces: ("account",),  # its request limits are those of the account
    accounts: ("account",),  # whose it is: the one look over the walls
    writes: ("id",),  # handed out with the intent; no face knows them
}
"""Columns of which a value is enough, with the reason."""

DESK: Mapping[sa.Table, Collection[str]] = {
    drafts: ("company",),
    rights: ("company", "user_id"),  # what somebody may do everywhere is asked for each page
}
"""The same of the dashboard's own tables: whose they are, the visit says."""

FACTS = (used, retained, audit._fact, companies._fact)
"""What the facts of a company are called."""

FACTS_BEGIN = {name("").partition(":")[0] for name in FACTS}

WHOLE_STORE = (
    "renkei.database.copying",
    "renkei.store.copying",  # a store moves as it is
    "renkei.store.companies",  # the list of all companies; what leaves or joins one
    "renkei.store.due",  # what is due, for a worker that keeps the schedules of all of them
    "renkei.store.figures",  # counts, for a monitor and a doctor of all of them
    "renkei.store.migrations",
    "renkei.store.workers",  # they keep the schedules of all of them
    "renkei_web.companies",  # what goes with a company, or joins one
)
"""Modules whose statements are about the whole store."""

NUMBERED = ("runs", "writes", "releases")
NUMBER_ONLY = {f"SELECT max({name}.id) AS max_1 \nFROM {name}" for name in NUMBERED}
"""The highest number that is given, and nothing of whatever has it."""

EVERYBODY = str(sa.select(rights).order_by(rights.c.company))
"""The list of all users, which only pages and commands about everything ask for."""


def pytest_configure() -> None:
    """Look at the statements of all stores, from the first one on."""
    event.listen(Engine, "before_cursor_execute", _look)


STORES: WeakKeyDictionary[Engine, ref[Database | Desk]] = WeakKeyDictionary()
found: list[str] = []
"""What went through a wall since the last test."""

_init, _desk_init = Database.__init__, Desk.__init__


def _opened(self: Database, *args: Any, **kwargs: Any) -> None:
    _init(self, *args, **kwargs)
    STORES[self._engine] = ref(self)


def _desk_opened(self: Desk, *args: Any, **kwargs: Any) -> None:
    _desk_init(self, *args, **kwargs)
    STORES[self._opened.engine] = ref(self)


Database.__init__ = _opened  # type: ignore[method-assign]
Desk.__init__ = _desk_opened  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    """Fail the test in which a statement went through a wall."""
    yield
    if found:
        told = "\n\n".join(dict.fromkeys(found))
        found.clear()
        pytest.fail(f"Not of one company:\n{told}")


def _look(
    connection: Connection,
    _cursor: object,
    sql: str,
    parameters: Any,
    context: Any,
    many: bool,
) -> None:
    held = STORES.get(connection.engine)
    store = held() if held else None
    if store is None:
        return
    made = context.compiled if context is not None else None
    if made is not None:
        rows = context.compiled_parameters
    elif made := context.execution_options.get("renkei_made") if context is not None else None:
        order, told = made.positiontup, parameters if many else [parameters]
        rows = [dict(zip(order, row, strict=True)) for row in told] if order else told
    else:
        if in_text(sql) and not _may():
            found.append(sql)
        return
    if made not in KNOWN:
        said = _said(made.statement, rows)
        KNOWN[made] = said, [_called(made, *ask) for ask in said.asks]
    said, names = KNOWN[made]
    asked = [_values(rows, name) for name in names]
    tables = said.used and said.open(_bound(said, asked, store))
    if tables and not _may():
        found.extend(f"{table.name}: {made.statement}" for table in tables)


def _called(made: Any, _table: sa.Table, column: str, bind: BindParameter[Any]) -> str:
    """Return the name by which a statement that was *made* has the value of *bind*."""
    return str(made.bind_names.get(bind, column))  # what is inserted is called as its column


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """Return the values called *name*; those of a list have names of their own."""
    if all(name in row for row in rows):
        return [row[name] for row in rows]
    return [row[each] for row in rows for each in row if each.rpartition("_")[0] == name]


def _may() -> bool:
    """Return whether a module that may look at the whole store is at work, or a test itself."""
    frame: FrameType | None = sys._getframe()
    names: list[str] = []
    while frame is not None:
        names.append(str(frame.f_globals.get("__name__", "")))
        frame = frame.f_back
    ours = [name for name in names if not name.startswith(("sqlalchemy", __name__))]
    return ours[0].startswith("tests.") or any(name.startswith(WHOLE_STORE) for name in ours)


@define
class Said:
    """
    What a statement says of its tables, whatever the values.

    *asks* are comparisons of a column with a value, *joined* tables that the key of a run joins.
    """

    used: set[sa.Table] = field(factory=set)
    asks: list[tuple[sa.Table, str, BindParameter[Any]]] = field(factory=list)
    joined: list[set[sa.Table]] = field(factory=list)

    def see(self, column: Any, other: Any) -> None:
        """Take note of a comparison of two sides."""
        for table, name in _real(column):
            for second, called in _real(other):
                if KEYS.get(table) == name and KEYS.get(second) == called:
                    self.joined.append({table, second})
            if isinstance(other, BindParameter) and table in WALLED:
                self.asks.append((table, name, other))

    def open(self, bound: set[sa.Table]) -> list[sa.Table]:
        """Return the tables that are neither *bound* nor joined to one that is."""
        changed = True
        while changed:
            changed = False
            for pair in self.joined:
                if pair & bound and not pair <= bound:
                    bound |= pair
                    changed = True
        return sorted(self.used - bound, key=lambda table: table.name)


KNOWN: WeakKeyDictionary[Any, tuple[Said, Sequence[str]]] = WeakKeyDictionary()
"""What statements say, as they were made into SQL, and what their values are called there."""


def in_text(sql: str) -> set[sa.Table]:
    """Return the tables of which plain text may show or change rows of any company."""
    named = set() if sql.lower().startswith(NO_ROWS) else set(NAMED.findall(sql))
    return {table for table in WALLED if table.name in named}


def unwalled(statement: sa.ClauseElement, store: Database | Desk) -> list[sa.Table]:
    """Return the tables that *statement* reads or changes for more than the company of *store*."""
    said = _said(statement, [])
    values = [bind.value for _table, _name, bind in said.asks]
    asked = [value if isinstance(value, list) else [value] for value in values]
    return said.open(_bound(said, asked, store))


def _bound(said: Said, asked: Sequence[Sequence[Any]], store: Database | Desk) -> set[sa.Table]:
    """Return the tables of which the values that are *asked* for are of one company."""
    return {
        table
        for (table, name, bind), values in zip(said.asks, asked, strict=True)
        if (values or bind.expanding) and _is_enough(store, table, name, values)
    }


def _is_enough(store: Database | Desk, table: sa.Table, name: str, values: Sequence[Any]) -> bool:
    if isinstance(store, Desk):
        return name in DESK[table]
    if table is facts:
        ours = {called(store.company) for called in FACTS}
        known = (v in ours or v.partition(":")[0] not in FACTS_BEGIN for v in values)
        return name == "name" and all(known)
    if name == "company":
        return all(value == store.company for value in values)
    if name in SHARED.get(table, ()):
        return True
    if KEYS.get(table) != name:
        return False
    return all(value in store._given for value in values)


def _said(statement: sa.ClauseElement, rows: Sequence[Mapping[str, Any]]) -> Said:
    said = Said()
    if isinstance(statement, sa.Select) and str(statement) in {*NUMBER_ONLY, EVERYBODY}:
        return said
    for each in _parts(statement):
        if isinstance(each, sa.Table) and each in WALLED:
            said.used.add(each)
        if isinstance(each, TextClause):
            said.used |= in_text(each.text)
        if isinstance(each, BinaryExpression) and each.operator in (operators.eq, operators.in_op):
            said.see(each.left, each.right)
            said.see(each.right, each.left)
    if isinstance(statement, sa.Insert):
        _inserted(statement, said, rows)
    return said


def _real(column: object) -> Iterator[tuple[sa.Table, str]]:
    """Yield table and name of the column that this one is, be it that of a subquery."""
    if isinstance(column, sa.ColumnElement):
        for each in column.base_columns:
            if isinstance(each, sa.Column) and isinstance(each.table, sa.Table):
                yield each.table, each.name


def _parts(statement: sa.ClauseElement) -> Iterator[Any]:
    yield from visitors.iterate(statement)
    table = getattr(statement, "table", None)
    if table is not None:
        yield table


def _inserted(statement: sa.Insert, said: Said, rows: Sequence[Mapping[str, Any]]) -> None:
    """Take note of what an insert says of the company or the run of its rows."""
    table = statement.table
    assert isinstance(table, sa.Table)
    given: Mapping[Any, Any] = statement._values or {}
    fixed = {getattr(c, "name", c): v for c, v in given.items()}
    shared = {**SHARED, **DESK, facts: ("name",)}
    for name in ("company", KEYS.get(table), *shared.get(table, ())):
        if name is None or name not in table.c:
            continue
        if name in fixed and isinstance(fixed[name], BindParameter):
            said.see(table.c[name], fixed[name])
        elif rows and all(name in row for row in rows):
            said.see(table.c[name], sa.bindparam(name))
