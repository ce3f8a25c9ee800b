"""Secrets by reference: ``env:NAME``, ``file:PATH``, ``cmd:WORDS``. No message holds one."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from renkei.errors import ConfigurationError
from renkei.words.i18n import _
from renkei.yamlfile.source import Data

COMMAND_TIMEOUT_S = 30


def resolve_secret(reference: str, base: Path) -> str:
    """Return the secret that *reference* points to; no message ever holds it."""
    scheme, _colon, rest = reference.partition(":")
    places = {"env": _from_environment, "file": _from_file, "cmd": _from_command}
    secret = places[scheme](rest, base)
    if not secret:
        message = _("The token in {reference} is empty. Enter it there.")
        raise ConfigurationError(message.format(reference=reference), code="token", where=reference)
    return secret


def files_in(data: Data) -> Iterator[str]:
    """Yield the files with secrets that a configuration names."""
    if isinstance(data, dict):
        for each in data.values():
            yield from files_in(each)
    elif isinstance(data, list):
        for each in data:
            yield from files_in(each)
    elif isinstance(data, str) and data.startswith("file:"):
        yield data.removeprefix("file:")


def _from_environment(name: str, _base: Path) -> str:
    if value := os.environ.get(name):
        return value
    message = _("The environment variable {name} is not set. Set it to the token.").format(
        name=name
    )
    raise ConfigurationError(message, code="token", where=f"env:{name}")


def _from_file(name: str, base: Path) -> str:
    path = base / Path(name).expanduser()
    try:
        with path.open(encoding="utf-8-sig") as file:  # Windows writes a mark
            # The open file is asked, not its path: what is looked at is what is read.
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                message = _("{path} can be read by others. Run: chmod 600 {path}").format(path=path)
                raise ConfigurationError(message, code="token", where=f"file:{name}")
            return file.read().removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or _("it is not UTF-8 text")
        message = _("The token file {path} cannot be read: {why}.").format(path=path, why=why)
        raise ConfigurationError(message, code="token", where=f"file:{name}") from None


def _from_command(command: str, base: Path) -> str:
    words = shlex.split(command)
    where = f"cmd:{words[0]}"  # no more of it: an argument may be a secret, too
    try:
        done = subprocess.run(  # noqa: S603 - the command is the operator's own, and no shell is used
            words, cwd=base, stdin=subprocess.DEVNULL, capture_output=True, check=True,
            timeout=COMMAND_TIMEOUT_S,
        )  # fmt: skip
        return done.stdout.decode().removesuffix("\n").removesuffix("\r")
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as problem:
        what = _failure(problem)
    message = _("The command {command} gave no token: {what}. Run it yourself to see why.")
    raise ConfigurationError(message.format(command=words[0], what=what), code="token", where=where)


def _failure(problem: Exception) -> str:
    match problem:
        case subprocess.CalledProcessError():
            return _("it ended with code {code}").format(code=problem.returncode)
        case subprocess.TimeoutExpired():
            return _("it took longer than {seconds} seconds").format(seconds=COMMAND_TIMEOUT_S)
        case OSError():
            return _("it cannot be started ({why})").format(why=problem.strerror)
    return _("its output is not UTF-8 text")
