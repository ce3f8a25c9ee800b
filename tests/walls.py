"""Walls between companies: every statement that any test lets a store execute is looked at.

A statement on a table whose rows are of companies has to say which company, or name the key of a
run, or of what belongs to it, that a query with the company has given. What is about the whole
store on purpose is named here, and nothing else passes.
"""

from __future__ import annotations

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
from sqlalchemy.sql.elements import BinaryExpression, BindParameter

from renkei.store.database import Database
from renkei.store.tables import accounts, items, leases, metadata, paces, runs, writes

WALLED = {table for table in metadata.tables.values() if "company" in table.c} | {items, writes}

KEYS: Mapping[sa.Table, str] = {runs: "id", items: "run_id", writes: "run_id", leases: "run_id"}
"""The column that holds the key of a run: whoever names one has been given it."""

SHARED: Mapping[sa.Table, Collection[str]] = {
    leases: ("account",),  # one writer to an account, whatever the company
    paces: ("account",),  # its request limits are those of the account
    accounts: ("account",),  # whose it is: the one look over the walls
    writes: ("id",),  # handed out with the intent; no face knows them
}
"""Columns of which a value is enough, with the reason."""

WHOLE_STORE = (
    "renkei.store.copying",  # a store moves as it is
    "renkei.store.companies",  # the list of all companies; what leaves or joins one
    "renkei.store.migrations",
)
"""Modules whose statements are about the whole store."""

NUMBER_ONLY = {f"SELECT max({name}.id) AS max_1 \nFROM {name}" for name in ("runs", "writes")}
"""The highest number that is given, and nothing of whatever has it."""


def pytest_configure() -> None:
    """Look at the statements of all stores, from the first one on."""
    event.listen(Engine, "before_execute", _look)


STORES: WeakKeyDictionary[Engine, ref[Database]] = WeakKeyDictionary()
found: list[str] = []
"""What went through a wall since the last test."""

_init = Database.__init__


def _opened(self: Database, *args: Any, **kwargs: Any) -> None:
    _init(self, *args, **kwargs)
    STORES[self._engine] = ref(self)


Database.__init__ = _opened  # type: ignore[method-assign]


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
    statement: sa.Executable,
    many: Sequence[Mapping[str, Any]],
    one: Mapping[str, Any],
    _options: object,
) -> None:
    held = STORES.get(connection.engine)
    store = held() if held else None
    if store is None or not isinstance(statement, sa.ClauseElement):
        return
    tables = unwalled(statement, store, [one] if one else (many or [{}]))
    if tables and not _may():
        found.extend(f"{table.name}: {statement}" for table in tables)


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
            if isinstance(other, BindParameter):
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


KNOWN: dict[object, tuple[Said, tuple[int, ...]]] = {}
"""What statements say, by their structure, and where their values stand: a walk takes a while."""


def unwalled(
    statement: sa.ClauseElement, store: Database, rows: Sequence[Mapping[str, Any]]
) -> list[sa.Table]:
    """Return the tables that *statement* reads or changes for more than the company of *store*."""
    made = statement._generate_cache_key()
    values = made.bindparams if made else []
    names = sorted(rows[0]) if isinstance(statement, sa.Insert) else []
    key = (made.key, *names) if made else None
    if key not in KNOWN:
        said = _said(statement, rows)
        at = {id(bind): place for place, bind in enumerate(values)}
        places = tuple(at.get(id(bind), -1) for _table, _name, bind in said.asks)
        if key is None or any(
            place < 0 and bind.key not in names
            for (_table, _name, bind), place in zip(said.asks, places, strict=True)
        ):
            return said.open(_bound(said, [bind for _t, _n, bind in said.asks], store, rows))
        KNOWN[key] = said, places
    said, places = KNOWN[key]
    own = [bind for _table, _name, bind in said.asks]
    now = [values[p] if p >= 0 else bind for p, bind in zip(places, own, strict=True)]
    return said.open(_bound(said, now, store, rows))


def _bound(
    said: Said,
    binds: Sequence[BindParameter[Any]],
    store: Database,
    rows: Sequence[Mapping[str, Any]],
) -> set[sa.Table]:
    """Return the tables of which *binds*, the values that are asked for, are of one company."""
    return {
        table
        for (table, name, _bind), bind in zip(said.asks, binds, strict=True)
        if _is_enough(store, table, name, bind, rows)
    }


def _is_enough(
    store: Database,
    table: sa.Table,
    name: str,
    bind: BindParameter[Any],
    rows: Sequence[Mapping[str, Any]],
) -> bool:
    values = [row.get(bind.key, bind.value) for row in rows]
    if name == "company":
        return all(value == store.company for value in values)
    if name in SHARED.get(table, ()):
        return True
    if KEYS.get(table) != name:
        return False
    flat = [v for value in values for v in (value if isinstance(value, list) else [value])]
    return all(value in store._given for value in flat)


def _said(statement: sa.ClauseElement, rows: Sequence[Mapping[str, Any]]) -> Said:
    said = Said()
    if isinstance(statement, sa.Select) and str(statement) in NUMBER_ONLY:
        return said
    for each in _parts(statement):
        if isinstance(each, sa.Table) and each in WALLED:
            said.used.add(each)
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
    for name in ("company", KEYS.get(table), *SHARED.get(table, ())):
        if name is None or name not in table.c:
            continue
        if name in fixed and isinstance(fixed[name], BindParameter):
            said.see(table.c[name], fixed[name])
        elif all(name in row for row in rows):
            said.see(table.c[name], sa.bindparam(name))
