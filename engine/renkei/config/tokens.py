"""Tokens that were entered in a browser: each in a file of its own that nobody else can read.

The one before stays beside it until the next change, so that one click puts it back. No message
repeats a token.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from renkei import files
from renkei.config import edit
from renkei.config.records import Config
from renkei.errors import ConfigurationError, RenkeiError, UsageError
from renkei.words.acts import Note, unnoted
from renkei.words.i18n import _

FOLDER = "secrets"
"""Where tokens are kept, beside the file."""

LONGEST_TOKEN = 8000

_OF_TOKENS = frozenset(string.ascii_letters + string.digits + string.punctuation)


def place_of(config: Config, name: str) -> Path:
    """Return where a token is kept; no company's name has a dot, so no two have one place."""
    own = f"{config.company.name}.{name}" if config.company.name else name
    return config.base / FOLDER / f"{own}.token"


def reference_to(config: Config, place: Path) -> str:
    """Return how the file names a token that is kept at *place*."""
    return f"file:{place.relative_to(config.base)}"


def sound(token: str) -> str:
    """Return a token without the spaces around it; UsageError, which does not repeat it."""
    plain = token.strip()
    fits = set(plain) <= _OF_TOKENS
    if not plain or not fits or len(plain) > LONGEST_TOKEN:
        message = _("This is no token: it has letters, digits and signs only, without spaces.")
        raise UsageError(message, code="token")
    return plain


def keep(place: Path, token: str, note: Note = unnoted) -> None:
    """Write a token where only this user can read it; no message repeats it."""
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        files.replace(place, [token, "\n"], note=note)
    except OSError as problem:
        raise _unwritten(place, problem) from None


@contextmanager
def new(place: Path, token: str) -> Iterator[None]:
    """Keep a token for the block; if that fails, it is there only if one was there before."""
    kept = place.exists()
    keep(place, token)
    try:
        yield
    except RenkeiError:
        if not kept:
            place.unlink(missing_ok=True)
        raise


def replace(config: Config, place: Path, plain: str, note: Note) -> None:
    """Keep another token where one is; the one before stays beside it."""
    before = _keep_before(config, place)
    try:
        keep(place, plain, note)
    except RenkeiError:
        before.unlink(missing_ok=True)
        forget_before(config.base, config.company.name)
        raise


def forget_before(folder: Path, company: str) -> None:
    """Remove the tokens that were replaced last in files of a *company* in a *folder*."""
    own = f"{company}.*" if company else "*"
    for kept in (folder / FOLDER).glob(f"{own}.token.*{edit.BEFORE}"):
        kept.unlink(missing_ok=True)


def forget_gone(config: Config, again: Config) -> None:
    """Remove what was entered for connections that are there no longer, now that it is *again*."""
    still = {each.token for each in again.connections.values()}
    for name, each in config.connections.items():
        place = place_of(config, name)
        is_ours = each.token == reference_to(config, place)  # not a file of somebody's own
        if is_ours and each.token not in still:
            place.unlink(missing_ok=True)


def before_of(place: Path, path: Path, before: Path) -> Path:
    """Return where the token at *place* is kept whose change is that of *path* with a *before*."""
    return place.with_name(f"{place.name}{before.name.removeprefix(path.name)}")


def _keep_before(config: Config, place: Path) -> Path:
    """Keep the token at *place*, if there is one; return what is kept of the file, which stays."""
    path = config.path.resolve()
    # One of them, no more: tokens that were replaced are secrets that nobody remembers.
    forget_before(config.base, config.company.name)
    try:
        before = edit.keep_before(path, path.read_bytes().decode())
        with suppress(FileNotFoundError, UnicodeDecodeError):  # there is nothing to put back
            files.replace(before_of(place, path, before), [place.read_bytes().decode()])
    except OSError as problem:
        raise _unwritten(place, problem) from None
    return before


def _unwritten(place: Path, problem: OSError) -> ConfigurationError:
    message = _("{path} cannot be written: {why}.").format(path=place, why=problem.strerror)
    return ConfigurationError(message, where=str(place))
