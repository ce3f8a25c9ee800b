"""A connector that can also write: what came of a write is never told better than it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from attrs import frozen

from renkei.errors import (
    AnswerError,
    ConnectorError,
    InDoubtError,
    RenkeiError,
    UnavailableError,
)
from renkei.people import BatchWrite, Employee, Values
from renkei.plugins.contract import is_id
from renkei.plugins.facade import Reader


@frozen
class Written:
    """What a system answered to a write: the *id*, and the *employee* as it has them, if it did."""

    id: str
    employee: Employee | None = None


class Writer(Reader):
    """A connector that can also write, one employee at a time or many together."""

    def write(self, writes: Sequence[BatchWrite]) -> list[Written | RenkeiError]:
        """
        Carry out *writes*, one alone unless the connector takes many; return what came of each.

        What is raised is about all of them.
        """
        if self.in_batches:
            return self._write_many(writes)
        (one,) = writes
        if one.current is None:
            return [self.create_employee(one.values)]
        return [self.update_employee(one.current, one.values)]

    def create_employee(self, values: Values) -> Written:
        """Create one employee; see the hook of the same name."""
        self.connection.before_write()
        with self._in_doubt("create_employee"):
            return self._created("create_employee", self._hook.create_employee(values=values))

    def update_employee(self, current: Employee, changes: Values) -> Written:
        """Change the given fields of *current*; see the hook of the same name."""
        self.connection.before_write()
        with self._in_doubt("update_employee"):
            answer = self._hook.update_employee(current=current, changes=changes)
            return self._updated("update_employee", current, answer)

    def _write_many(self, writes: Sequence[BatchWrite]) -> list[Written | RenkeiError]:
        self.connection.before_write()
        with self._in_doubt("write_many"):
            answers = self._hook.write_many(writes=tuple(writes))
            if type(answers) not in (list, tuple) or len(answers) != len(writes):
                self._nonsense("write_many", type(answers).__name__)
            return [self._one_of(*each) for each in zip(writes, answers, strict=True)]

    def _one_of(self, write: BatchWrite, answer: object) -> Written | RenkeiError:
        """Return what came of one write of a batch; an error is about this person alone."""
        if isinstance(answer, RenkeiError):
            self._refuse_unsound("write_many", answer)
            return _doubted(answer)
        if write.current is None:
            return self._created("write_many", answer)
        return self._updated("write_many", write.current, answer)

    def _created(self, hook: str, answer: object) -> Written:
        if type(answer) is Employee:
            return self._written(hook, answer)
        if type(answer) is not str or not is_id(answer):
            self._nonsense(hook, type(answer).__name__)
        return Written(answer)

    def _updated(self, hook: str, current: Employee, answer: object) -> Written:
        # None, or an id, stays a good answer: docs/decisions/2026-11-28-answered-writes.md
        if type(answer) is not Employee:
            return Written(current.id)
        if answer.id != current.id:  # F25: in doubt, as nobody knows whom it has changed
            self._nonsense(hook, "another id")
        return self._written(hook, answer)

    def _written(self, hook: str, person: Employee) -> Written:
        if not is_id(person.id):
            self._nonsense(hook, f"Employee.id: {type(person.id).__name__}")
        return Written(person.id, self._sieve.kept(hook, person, self._sieve.wanted(self._types)))

    @contextmanager
    def _in_doubt(self, hook: str) -> Iterator[None]:
        """After a plug-in has failed in the middle of a write nobody knows what the system did."""
        try:
            with self._named(hook):
                yield
        except RenkeiError as error:
            raise _doubted(error) from None

    def wait_for_room(self) -> None:
        """Block until a request may be sent; raises ClosedError in closed hours."""
        self.connection.wait_for_room()


def _doubted(error: RenkeiError) -> RenkeiError:
    """Return the error of a write, in doubt unless the system certainly did nothing."""
    certain = isinstance(error, UnavailableError) and error.nothing_done
    # Unlike in a session, a ConnectorError counts: a plug-in may fail when all has been sent.
    doubtful = isinstance(error, ConnectorError | AnswerError | UnavailableError)
    return InDoubtError(error) if doubtful and not certain else error
