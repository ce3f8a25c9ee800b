"""What a connector implements: one hook per operation; the docstring is the contract.

A connector holds no sync rules: it says what its system knows and does what it is told. The engine
checks every answer against these contracts (see :mod:`renkei.plugins.facade`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pluggy

from renkei.errors import RenkeiError
from renkei.people import (
    Account,
    BatchWrite,
    Choice,
    ClosedHours,
    Customer,
    Employee,
    FieldSpec,
    Need,
    NewField,
    Parallel,
    Ref,
    RequestLimit,
    Values,
)

hookspec = pluggy.HookspecMarker("renkei")
hookimpl = pluggy.HookimplMarker("renkei")

REQUIRED = ("fields", "list_employees")
WRITES = ("create_employee", "update_employee")
"""Both, or else ``write_many``, or the system is a source only."""


class ConnectorSpec:
    """The hooks of a connector; those not named in ``REQUIRED`` may be absent."""

    @hookspec(firstresult=True)
    def fields(self, options: Mapping[str, Any]) -> Sequence[FieldSpec]:
        """
        Describe every field, without a network: mappings are checked against this.

        *options*, since renkei 0.2, are those of the connection. They are empty where the connector
        is asked by itself: a connector whose fields depend on them returns the others then.
        """
        raise NotImplementedError  # a spec is never called; this keeps the type checker honest

    @hookspec(firstresult=True)
    def discover(self) -> Sequence[FieldSpec]:
        """
        Read the fields that this account has beside those of :meth:`fields`; since renkei 0.2.

        Asked by ``renkei refresh`` alone; the store keeps the answer. From then on they are fields
        as any, and all other hooks are asked for them by name.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def needs(self) -> Collection[Need]:
        """
        Return what a connection has to say: ``base_url``, ``token``; since renkei 0.2.

        Without it both. A file needs neither; then there is no session either.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def check_options(self, options: Mapping[str, Any]) -> None:
        """
        Raise OptionsError for all that is wrong with the options of a connection; since renkei 0.2.

        They are as nested as the file has them, every scalar read as text. Asked first, without a
        network; the mistakes are told with their places in the file.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def identity(self) -> str:
        """
        Return what tells this account from others, beside address and token; since renkei 0.2.

        Asked first, without a network: one run at a time writes to an account, so two names of one
        file have to be alike. Without it, and without address or token, the options tell.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def list_employees(self, at: dt.date, fields: Sequence[str]) -> Iterable[Employee]:
        """
        Iterate over every employee the system can show, resigned and future ones included.

        *fields* are the only ones of interest. A ``dated`` field has its value as of *at*, the
        others as of now. Raises ListChangedError if the list changed while it was read or is
        shorter than the system's own total, AccessError, UnavailableError or AnswerError.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def read_employees(
        self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
    ) -> Iterable[Employee]:
        """
        Read some employees again, as :meth:`list_employees` would show them, in any order.

        A reference that matches nobody yields nobody; a number may match several. Optional: without
        it the engine reads the whole list again.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def create_employee(self, values: Values) -> str | Employee:
        """
        Create one employee; return its id in the system, or the employee as the system has it now.

        Fields that the answer does not show are absent. Everybody is read again before they count.
        Optional since renkei 0.2: a connector without it is a source only.

        Raises RecordError if the system refuses this employee, ContractFullError if it takes no
        more, InDoubtError if a request was sent and its fate is unknown.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        """
        Change only the given fields; None empties one.

        May return the employee as the system has it now, without the fields that its answer does
        not show. Everybody is read again and compared with what was sent before they count.

        *current* is the employee as last read, with what the connector put into ``extra``.
        Optional and raises as :meth:`create_employee`.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def write_many(
        self, writes: Sequence[BatchWrite]
    ) -> Sequence[str | Employee | RenkeiError | None]:
        """
        Carry out all *writes* together; since renkei 0.2, in place of the two hooks above.

        Returns for each, in order, what :meth:`create_employee` or :meth:`update_employee` would
        return, or the error that one of them would raise: it is about this person alone. What is
        raised is about all of them. Nobody is in two writes of a batch.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def new_employee_fields(self) -> Sequence[NewField]:
        """
        Return the fields a new employee needs and no mapping may fill, with the live choices.

        Optional since renkei 0.2: without it there are none.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def choices(self, field: str) -> Sequence[Choice]:
        """
        Return the codes that *field* can have at this moment; since renkei 0.2.

        Asked of any field, such as a department; nothing for one that has no codes.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def check(self) -> Account:
        """Prove the credentials without writing; tell whose they are and what they allow."""
        raise NotImplementedError

    @hookspec(firstresult=True)
    def account_name(self) -> str | Customer | None:
        """
        Return whose account it is: the name of the company, or a Customer; since renkei 0.2.

        None: the system does not tell. By one small request, which a fetch asks for only if this
        address and token are new to it, so that a person sees whose accounts they are. *ids* only
        if they stay as they are: another one stops the fetch until a person accepts it.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def closed_hours(self) -> Sequence[ClosedHours]:
        """Return the hours of every day in which the system refuses calls."""
        raise NotImplementedError

    @hookspec(firstresult=True)
    def request_limits(self) -> Sequence[RequestLimit]:
        """Return how many requests the system takes in which time."""
        raise NotImplementedError

    @hookspec(firstresult=True)
    def in_parallel(self) -> Collection[Parallel]:
        """
        Return what may be done from several threads at a time; since renkei 0.2.

        ``pages``: pages of a list are asked for ahead, so that ``classify`` and ``room`` of the
        session are called in several threads. ``writes``: so are ``create_employee`` and
        ``update_employee``, for different people. Without it, one thread at a time does everything.
        """
        raise NotImplementedError
