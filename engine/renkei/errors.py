"""Every error renkei raises on purpose: one root, then one class per way to recover.

RenkeiError
├── UsageError           ask for something else                                    exit 2
│   └── SeveralErrors    ... many mistakes at once
├── ConfigurationError   a person must change a setting, a file or an installation exit 3
│   ├── MappingError     ... many places of one file at once
│   └── OptionsError     ... the options of a connection, as its connector finds them
├── SystemFault          what one of the two systems did                           exit 4
│   ├── AccessError      the token, its rights or this address are refused
│   ├── UnavailableError the same request may be accepted later
│   │   └── ClosedError  ... at a time that is known: closed hours
│   ├── AnswerError      the answer makes no sense: stop and ask
│   │   └── ListChangedError  the list changed while it was paged: read it again
│   ├── ContractFullError  no further employee can be created under the contract
│   └── ConnectorError   the plug-in itself failed
├── RecordError          this one employee is refused; the others go on            exit 1
├── InDoubtError         a write was sent and its fate is unknown: look it up
├── UnusualError         a person must allow what is over a safety limit           exit 6
├── StoreError           the report store cannot be used                           exit 5
│   ├── NoStoreError     ... since it is not there
│   └── NoRoomError      ... for want of room on its disk
└── BusyError            another run is writing                                    exit 5

A message says what happened, to whom and what to do next. It holds no personal value and no secret.
What helps stands apart as a *hint*, by its code: the command line has a command for each of them,
the dashboard a link to the page where that is done, if there is one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import attrs

HintCode = Literal[
    "accept", "adopt", "allow_unusual", "cancel", "check", "choices", "choose", "companies",
    "company", "company_remove", "company_resume", "give_new", "give_why", "init", "name_other",
    "name_record", "plan", "plan_blocked", "purge", "refresh", "releases", "reports", "resume",
    "right_pair",
]  # fmt: skip


@attrs.frozen
class Hint:
    """
    What helps against an error: *about* names what it is done with, such as ``run``.

    Where it is done with one of several, *records* are those.
    """

    code: HintCode
    about: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    records: tuple[str, ...] = ()


@attrs.frozen
class Said:
    """One sentence of an error, with what helps against just this."""

    message: str
    hint: Hint | str | None = None


class RenkeiError(Exception):
    """
    Root of our own errors; *code* is stable, *message* is for people.

    *hint* is what helps; a connector may give one in words.
    """

    exit_code: ClassVar[int] = 4
    default_code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: str | None = None,
        hint: Hint | str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.where = where
        self.hint = hint


class UsageError(RenkeiError):
    """What is asked for does not exist or is not allowed: ask for something else."""

    exit_code = 2
    default_code = "usage"


class SeveralErrors(UsageError):
    """
    Many mistakes of one request; what helps against several stands behind the first of them.

    *mistakes* is what a person reads where commands can be typed.
    """

    def __init__(self, mistakes: Sequence[Said], *, code: str) -> None:
        told: list[Hint | str | None] = []
        kept = []
        for each in mistakes:
            kept.append(Said(each.message) if each.hint in told else each)
            told.append(each.hint)
        self.mistakes = tuple(kept)
        super().__init__("\n".join(each.message for each in mistakes), code=code)


class ConfigurationError(RenkeiError):
    """A person must change a setting, a file or an installation before trying again."""

    exit_code = 3
    default_code = "configuration"


@attrs.frozen
class Problem:
    """One mistake in a text file, and what helps; *line* and *column* count from 1."""

    path: str
    line: int
    column: int
    message: str
    hint: Hint | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class MappingError(ConfigurationError):
    """A mapping or configuration file has mistakes; *problems* holds all, in order of place."""

    default_code = "mapping"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: (p.path, p.line, p.column))
        first = self.problems[0]
        hints = [each.hint for each in self.problems if each.hint]
        super().__init__(
            "\n".join(map(str, self.problems)),
            where=f"{first.path}:{first.line}:{first.column}",
            hint=hints[0] if hints else None,
        )


@attrs.frozen
class OptionMistake:
    """
    What is wrong with the options of a connection; since renkei 0.2.

    *path* is the way to it from the options on: keys, and indices counted from 0. *key*: the last
    key itself is wrong, not what it holds.
    """

    path: tuple[str | int, ...]
    message: str
    key: bool = False


class OptionsError(ConfigurationError):
    """The options of a connection have mistakes; the reader of the file knows their places."""

    def __init__(self, mistakes: Sequence[OptionMistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(each.message for each in self.mistakes))


class SystemFault(RenkeiError):
    """
    One of the two systems, or the way to it, is at fault; *where* is the connection's name.

    *detail* is what the system itself said, status and code included: for the report, like that of
    a RecordError.
    """

    default_code = "system"
    detail: str | None = None


class AccessError(SystemFault):
    """
    The system refuses the token, its rights or the address it is used from.

    *for_all* is true when it does not know the token: whatever else is asked, it would refuse.
    """

    default_code = "access"
    for_all: bool = False


class UnavailableError(SystemFault):
    """
    The system may accept the same request later.

    *retry_after_s* is the wait the system itself announced, in seconds. *again* is false when
    trying again within this command makes no sense (maintenance). *nothing_done* is true when the
    system certainly did nothing, so that even a create may be sent again. *for_all* is true when it
    says nothing about the employee in hand: nothing has left, or there were too many requests.
    """

    default_code = "unavailable"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: str | None = None,
        retry_after_s: float | None = None,
        again: bool = True,
        nothing_done: bool = False,
        for_all: bool = False,
    ) -> None:
        super().__init__(message, code=code, where=where)
        self.retry_after_s = retry_after_s
        self.again = again
        self.nothing_done = nothing_done
        self.for_all = for_all or code == "rate_limit"


class ClosedError(UnavailableError):
    """
    The system is in its closed hours; *opens* is when they end, as an aware instant.

    *at*, since renkei 0.2, is when it said so, if that is known: a time of day alone says when it
    opens only if that is within a day from then.
    """

    default_code = "closed"

    def __init__(
        self,
        message: str,
        *,
        opens: dt.datetime,
        at: dt.datetime | None = None,
        where: str | None = None,
    ) -> None:
        super().__init__(message, where=where, again=False, nothing_done=True, for_all=True)
        self.opens = opens
        self.at = at


class AnswerError(SystemFault):
    """The system answered something that makes no sense; a person has to look at it."""

    default_code = "answer"


class ListChangedError(AnswerError):
    """The list changed while it was read page by page, or is shorter than its own total."""

    default_code = "list_changed"


class ContractFullError(SystemFault):
    """The contract with the system allows no further employee; updates are not affected."""

    default_code = "plan_full"


PlanFullError = ContractFullError
"""The name of :class:`ContractFullError` for connectors that were written before 0.2."""


class ConnectorError(SystemFault):
    """The plug-in of a connection failed or broke its contract."""

    default_code = "connector"


class RecordError(RenkeiError):
    """
    The system refuses this one employee; the others go on.

    *fields* names what it refuses. *detail* is the system's own text: it may quote personal values,
    so it goes to the report and to nothing that a schedule or a log keeps. *accepted* tells of a
    create that the system carried out in a way that a look-up cannot find: no further one may be
    sent.
    """

    exit_code = 1
    default_code = "refused"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: tuple[str, ...] = (),
        detail: str | None = None,
        accepted: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.fields = fields
        self.detail = detail
        self.accepted = accepted


class InDoubtError(RenkeiError):
    """A write was sent and nobody knows whether it was accepted; *cause* is what went wrong."""

    default_code = "in_doubt"

    def __init__(self, cause: RenkeiError) -> None:
        super().__init__(cause.message, where=cause.where)
        self.cause = cause


class UnusualError(RenkeiError):
    """A sync would change more than its safety limits pass; nothing was sent."""

    exit_code = 6
    default_code = "unusual"


class WrongPairError(UnusualError):
    """Two lists do not seem to be of one company; *numbers* are some that are somebody else's."""

    default_code = "wrong_pair"

    def __init__(self, message: str, numbers: tuple[str, ...], hint: Hint) -> None:
        super().__init__(message, hint=hint)
        self.numbers = numbers


class StoreError(RenkeiError):
    """The report store cannot be used: locked, full, damaged, of another version or unreachable."""

    exit_code = 5
    default_code = "store"


class NoStoreError(StoreError):
    """There is no report store: there are no runs to read, and only a fetch makes one."""


class NoRoomError(StoreError):
    """The disk has no room for what is to be written to the report store."""


class BusyError(RenkeiError):
    """
    Another run is writing to the same account, or has taken over from this one.

    *known_in_s*: it is not known whether its process lives; that many seconds without a sign of it
    prove that it does not. None if there is nothing to wait for.
    """

    exit_code = 5
    default_code = "busy"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: str | None = None,
        hint: Hint | None = None,
        known_in_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, where=where, hint=hint)
        self.known_in_s = known_in_s
