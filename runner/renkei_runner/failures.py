"""How a command ends that cannot do what it was asked: one sentence and one exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click
from attrs import frozen

from renkei.errors import BusyError, MappingError, RenkeiError, Said, SeveralErrors
from renkei.model import Status
from renkei.words.i18n import _
from renkei_runner.documents import error_document, error_parts
from renkei_runner.hints import told
from renkei_runner.output import emit, note

if TYPE_CHECKING:
    from renkei_runner.app import App

USAGE = 2
INTERNAL = 4
INTERRUPTED = 130
NO_READER = 141
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@frozen(kw_only=True)
class Ending:
    """
    What is told: a stable *code*, what is *said* to people, *where* it is, and the exit code.

    The hints are apart for those who show the message elsewhere, where commands mean nothing.
    """

    exit_code: int
    code: str
    said: tuple[Said, ...]
    where: str | None = None

    @property
    def message(self) -> str:
        """Everything but the commands that help."""
        return "\n".join(each.message for each in self.said)

    @property
    def hint(self) -> str:
        """The commands that help."""
        return "\n".join(told(each.hint) for each in self.said if each.hint)

    @property
    def lines(self) -> list[str]:
        """Each sentence, and behind it what helps."""
        return [f"{each.message} {told(each.hint)}".rstrip(" ") for each in self.said]


def tell(error: BaseException, app: App) -> int:
    """Print *error* for a person or as the one document, and return the exit code."""
    # No command of ours exits by itself: it is how click and rich end when nobody reads any more.
    if isinstance(error, BrokenPipeError | SystemExit):
        _silence()
        return NO_READER
    if isinstance(error, OSError) and error.errno in NO_ROOM:  # of all files, only for the output
        _silence()
        note(_("{path} cannot be written: {why}.").format(path="<stdout>", why=error.strerror))
        return USAGE
    app.clear()
    ending = _ending(error, app)
    if app.debug:
        _trace(error)
    if app.json:
        parts = error_parts(ending.code, ending.message, ending.where, ending.hint)
        emit(error_document(app.run, app.labels, parts, app.company))
    elif isinstance(error, click.UsageError):
        _show_usage(error, ending)
    else:
        note("\n".join(ending.lines))
    return ending.exit_code


def _ending(error: BaseException, app: App) -> Ending:
    match error:
        case KeyboardInterrupt() | click.Abort():
            return _of(INTERRUPTED, "interrupted", _interrupted(app))
        case click.exceptions.NoArgsIsHelpError():
            return _of(USAGE, "usage", Said(_("Missing command.")))
        case click.ClickException():
            return _of(USAGE, "usage", Said(error.format_message()))
        case RenkeiError():
            said = _said(error, app)
            return Ending(exit_code=error.exit_code, code=error.code, said=said, where=error.where)
    message = _("renkei made a mistake of its own ({kind}). Try again with --debug and report it.")
    return _of(INTERNAL, "internal", Said(message.format(kind=type(error).__name__)))


def _of(exit_code: int, code: str, *said: Said) -> Ending:
    return Ending(exit_code=exit_code, code=code, said=said)


def _said(error: RenkeiError, app: App) -> tuple[Said, ...]:
    """Return what helps, or how to go on after the error of a sync that has begun."""
    if isinstance(error, SeveralErrors):
        return error.mistakes
    # A mapping has to be corrected first: going on would meet the same mistake.
    is_resumable = not isinstance(error, MappingError) and _goes_on(error, app)
    if app.run is None or not is_resumable:
        return (Said(error.message, error.hint),)
    return (Said(error.message, resume_advice(app, app.run.id)),)


def _goes_on(error: RenkeiError, app: App) -> bool:
    """Tell whether the run can be resumed: not while another process is at work with it."""
    status = app.run.status if app.writing and app.run else None
    if status is Status.PAUSED:
        return app.labels is None or "resume" in app.labels.possible
    return status is Status.SYNCING and not isinstance(error, BusyError)


def resume_advice(app: App, run_id: str) -> str:
    """Return the sentence with the command that continues a run."""
    return _("Continue with: {command}").format(command=app.command("resume", run_id))


def _interrupted(app: App) -> Said:
    if app.run is None or not app.writing:
        return Said(_("Interrupted. Nothing was sent."))
    return Said(_("Interrupted. What was sent is recorded."), resume_advice(app, app.run.id))


def _show_usage(error: click.UsageError, ending: Ending) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        note(error.format_message())
        return
    if error.ctx is not None:
        note(error.ctx.get_usage())
    note(_("Error: {message}").format(message=ending.message))
    if error.ctx is not None:
        hint = _("Try '{command} {option}' for help.")
        note(hint.format(command=error.ctx.command_path, option="--help"))


def _trace(error: BaseException) -> None:
    """Tell where an error and its causes come from; no texts, which may hold values."""
    seen: BaseException | None = error
    while seen is not None:
        kind = type(seen)
        note(f"debug: {kind.__module__}.{kind.__qualname__}")
        for frame in traceback.extract_tb(seen.__traceback__):
            note(f"debug:   {frame.filename}:{frame.lineno} {frame.name}")
        seen = seen.__cause__ or seen.__context__


def _silence() -> None:
    """Nobody can have our output any more; Python must not complain about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
