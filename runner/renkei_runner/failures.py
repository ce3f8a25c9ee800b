"""How a command ends that cannot do what it was asked: one sentence and one exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click
from attrs import frozen

from renkei.errors import MappingError, RenkeiError
from renkei.i18n import _
from renkei.model import Status
from renkei_runner.documents import error_document, error_parts
from renkei_runner.output import emit, note

if TYPE_CHECKING:
    from renkei_runner.app import App

USAGE = 2
INTERNAL = 4
INTERRUPTED = 130
NO_READER = 141
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
UNFINISHED = (Status.SYNCING, Status.PAUSED)


@frozen(kw_only=True)
class Failure:
    """
    What is told: a stable *code*, a *message* for people, *where* it is, and the exit code.

    *hint* has the commands that help: they mean nothing where somebody else shows the message.
    """

    exit_code: int
    code: str
    message: str
    where: str | None = None
    hint: str = ""


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
    failure = _failure(error, app)
    if app.debug:
        _trace(error)
    if app.json:
        parts = error_parts(failure.code, failure.message, failure.where, failure.hint)
        emit(error_document(app.run, app.labels, parts))
    elif isinstance(error, click.UsageError):
        _show_usage(error, failure)
    else:
        note(" ".join(filter(None, (failure.message, failure.hint))))
    return failure.exit_code


def _failure(error: BaseException, app: App) -> Failure:
    match error:
        case KeyboardInterrupt() | click.Abort():
            message, hint = _interrupted(app)
            return Failure(exit_code=INTERRUPTED, code="interrupted", message=message, hint=hint)
        case click.exceptions.NoArgsIsHelpError():
            return Failure(exit_code=USAGE, code="usage", message=_("Missing command."))
        case click.ClickException():
            return Failure(exit_code=USAGE, code="usage", message=error.format_message())
        case RenkeiError():
            return Failure(
                exit_code=error.exit_code,
                code=error.code,
                message=error.message,
                where=error.where,
                hint=_hint(error, app),
            )
    message = _("renkei made a mistake of its own ({kind}). Try again with --debug and report it.")
    return Failure(
        exit_code=INTERNAL, code="internal", message=message.format(kind=type(error).__name__)
    )


def _hint(error: RenkeiError, app: App) -> str:
    """Return which commands help, or how to go on after the error of a sync that has begun."""
    unfinished = app.writing and app.run is not None and app.run.status in UNFINISHED
    if isinstance(error, MappingError) or not unfinished or app.run is None:
        return error.hint
    return resume_advice(app, app.run.id)


def resume_advice(app: App, run_id: str) -> str:
    """Return the sentence with the command that continues a run."""
    return _("Continue with: {command}").format(command=app.command("resume", run_id))


def _interrupted(app: App) -> tuple[str, str]:
    if app.run is None or not app.writing:
        return _("Interrupted. Nothing was sent."), ""
    return _("Interrupted. What was sent is recorded."), resume_advice(app, app.run.id)


def _show_usage(error: click.UsageError, failure: Failure) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        note(error.format_message())
        return
    if error.ctx is not None:
        note(error.ctx.get_usage())
    note(_("Error: {message}").format(message=failure.message))
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
