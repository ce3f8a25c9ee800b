"""A connector whose system is a dict; tests read the dict to see what was really written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from itertools import count
from unittest import mock

from attrs import define, evolve, field

from renkei.connector import (
    Account,
    Connection,
    Employee,
    FieldSpec,
    NewField,
    Ref,
    Values,
    hookimpl,
)
from renkei.people import Value


@define
class MemorySystem:
    """
    A system in memory: *people* by id, *writes* as (kind, id, values) in order.

    *trouble* is called with a hook's name and the values right before the system acts; what it
    raises comes out of the hook. *aftermath* is called right after: what it raises is an answer
    that was lost.
    """

    specs: tuple[FieldSpec, ...]
    people: dict[str, Employee] = field(factory=dict)
    choices: tuple[NewField, ...] = ()
    writes: list[tuple[str, str, dict[str, Value]]] = field(factory=list)
    reads: list[str] = field(factory=list)
    trouble: Callable[[str, Values], None] = field(default=lambda _hook, _values: None)
    aftermath: Callable[[str, Values], None] = field(default=lambda _hook, _values: None)
    _ids: Iterator[int] = field(factory=lambda: count(1))

    def add(self, **values: Value) -> str:
        """Put somebody in without a trace in *writes*; return the id."""
        person = f"id-{next(self._ids)}"
        self.people[person] = Employee(id=person, values=values)
        return person

    def edit(self, person: str, **values: Value) -> None:
        """Change somebody without a trace in *writes*."""
        held = self.people[person]
        self.people[person] = evolve(held, values={**held.values, **values})

    def find(self, number: str) -> list[Employee]:
        """Return everybody who carries *number*."""
        name = next(spec.name for spec in self.specs if spec.role == "number")
        return [person for person in self.people.values() if person.values.get(name) == number]


class MemoryConnector:
    """The hooks of a connector over one :class:`MemorySystem`."""

    def __init__(self, system: MemorySystem) -> None:
        self._system = system

    @hookimpl
    def fields(self) -> Sequence[FieldSpec]:
        """Return the system's fields."""
        return self._system.specs

    @hookimpl
    def list_employees(self, at: dt.date, fields: Sequence[str]) -> Iterator[Employee]:
        """Yield everybody; the system knows no dates."""
        del at
        self._system.reads.append("list_employees")
        self._system.trouble("list_employees", {})
        # A list of now: the dict may change while these are handed on.
        for person in list(self._system.people.values()):
            yield self._shown(person, fields)

    @hookimpl
    def read_employees(
        self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
    ) -> Iterator[Employee]:
        """Yield those whom the references name."""
        del at
        self._system.reads.append("read_employees")
        self._system.trouble("read_employees", {})
        for ref in refs:
            hits = self._system.find(ref.number) if ref.number else []
            if ref.id in self._system.people:
                hits.append(self._system.people[ref.id])
            for person in hits:
                yield self._shown(person, fields)

    @hookimpl
    def create_employee(self, values: Values) -> str:
        """Put somebody in; what is not given is empty."""
        self._system.trouble("create_employee", values)
        names = [spec.name for spec in self._system.specs]
        held: dict[str, Value] = dict.fromkeys(names)
        held.update(values)
        person = self._system.add(**held)
        self._system.writes.append(("create", person, dict(values)))
        self._system.aftermath("create_employee", values)
        return person

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> None:
        """Change the given fields only."""
        self._system.trouble("update_employee", changes)
        held = self._system.people[current.id]
        self._system.people[current.id] = evolve(held, values={**held.values, **changes})
        self._system.writes.append(("update", current.id, dict(changes)))
        self._system.aftermath("update_employee", changes)

    @hookimpl
    def new_employee_fields(self) -> Sequence[NewField]:
        """Return the system's choices."""
        return self._system.choices

    @hookimpl
    def check(self) -> Account:
        """Everything is allowed in memory."""
        return Account("memory")

    @staticmethod
    def _shown(person: Employee, fields: Sequence[str]) -> Employee:
        asked = {name: value for name, value in person.values.items() if name in fields}
        return evolve(person, values=asked)


@contextmanager
def installed(**factories: Callable[[Connection], object]) -> Iterator[None]:
    """
    Let connectors be found inside the block as if they were installed, beside those that are.

    Each keyword is a connector's name; its value builds the connector for one connection.
    """
    from renkei.plugins import finding

    real = finding.found

    def found(group: str) -> tuple[EntryPoint, ...]:
        if group != finding.CONNECTORS:
            return real(group)
        others = [entry for entry in real(group) if entry.name not in factories]
        ours = [_Entry(name, factory) for name, factory in factories.items()]
        return (*others, *ours)

    with mock.patch.object(finding, "found", found):
        yield


class _Entry(EntryPoint):
    """An entry point whose object is at hand."""

    def __init__(self, name: str, factory: Callable[[Connection], object]) -> None:
        super().__init__(name, "renkei.testing", "renkei.connectors")
        vars(self)["factory"] = factory  # an entry point takes no attributes

    def load(self) -> object:
        """Return the factory."""
        return vars(self)["factory"]
