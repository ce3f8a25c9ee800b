"""Turning one setting of a mapping on or off in the configuration file, and nothing else in it.

People write that file, with comments and in a style of their own: every character stays, but those
of the one setting.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve

from renkei import files
from renkei.config import amended
from renkei.config.load import parse_config
from renkei.config.records import Config
from renkei.errors import ConfigurationError, MappingError
from renkei.words.acts import Note, unnoted
from renkei.words.i18n import _
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import Document, read_yaml

BEFORE = ".before"
"""How the name of a file ends that was kept before a change."""

MOST_BEFORE = 20
"""How many changes can be undone."""


@contextmanager
def changing(config: Config) -> Iterator[Document]:
    """
    Let the block be the only one that changes the file of *config*, and yield what stands in it.

    Of two administrators at once the second one waits, and neither takes away what the other has
    written: raises ConfigurationError if it is not what *config* was read from any more, and
    MappingError or OSError if it cannot be read.
    """
    with files.alone(config.path):
        document = read_yaml(read_file(config.path), str(config.path))
        if document.text != config.document.text:
            message = _(
                "Somebody else has just changed {path}, so nothing was written. Look at it, and try"
                " again."
            )
            told = message.format(path=config.path)
            raise ConfigurationError(told, code="changed_meanwhile", where=str(config.path))
        yield document


def change_setting(
    config: Config, index: int, name: str, *, on: bool, note: Note = unnoted
) -> None:
    """
    Write *name* of the mapping at *index* as *on* into the file of *config*.

    The new text takes the place of the old one at once, and only if it says what was meant: raises
    ConfigurationError if it cannot be written, or the file has to be changed by hand. *note* is
    called when it can be.
    """
    try:
        with changing(config) as document:
            text = amended.with_setting(document, ("mappings", index), name, on=on)
            put(text, _meant(config, index, name, on=on), note)
    except (MappingError, OSError):
        message = _("{path} cannot be changed from here. Write it there by hand: {line}")
        line = f"settings: {{{name}: {amended.boolean(on)}}}"
        raise ConfigurationError(
            message.format(path=config.path, line=line), where=str(config.path)
        ) from None


def change_key(config: Config, meant: Config, key: str, word: str, note: Note = unnoted) -> None:
    """
    Write *word* as the value of a *key* at the top of the file of *config*.

    The new text has to say what is *meant*; as :func:`change_setting`.
    """
    try:
        with changing(config) as document:
            put(amended.with_key(document, key, word), meant, note)
    except (MappingError, OSError):
        message = _("{path} cannot be changed from here. Write it there by hand: {line}")
        told = message.format(path=config.path, line=f"{key}: {word}")
        raise ConfigurationError(told, where=str(config.path)) from None


def put(text: str, meant: Config, note: Note = unnoted) -> None:
    """
    Let *text* take the place of the file of *meant* at once, if that is what it says.

    The file before is kept beside it: where browsers change it, one click puts it back. *note* is
    called when all is written and only has to take its place. It is for a block of
    :func:`changing`.
    """
    _refuse_another(text, meant)
    path = meant.path.resolve()  # a link stays a link
    own = path.stat()
    if text.encode() != path.read_bytes():  # what changes nothing is no step to be undone
        keep_before(path, text)
    # Everyone who could read it before can do so after.
    files.replace(path, [text], own.st_mode & 0o777, own.st_gid, note=note)


def keep_before(path: Path, after: str) -> Path:
    """
    Keep the file at *path* as it is, with the time and what tells whether *after* is there.

    Return where. Where there is none yet, that is an empty one.
    """
    now = dt.datetime.now(dt.UTC)
    kept = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S.%fZ}.{_digest(after.encode())}{BEFORE}")
    if path.exists():
        text, own = path.read_bytes().decode(), path.stat()
        files.replace(kept, [text], own.st_mode & 0o777, own.st_gid)
    else:
        files.replace(kept, [])
    for old in befores(path)[MOST_BEFORE:]:
        old.unlink(missing_ok=True)
    return kept


def befores(path: Path) -> list[Path]:
    """Return what is kept of the file at *path*, newest first."""
    own = re.compile(re.escape(path.name) + r"\.\d{8}T\d{6}\.\d{6}Z\.[0-9a-f]{16}" + BEFORE)
    kept = [each for each in path.parent.iterdir() if own.fullmatch(each.name)]
    return sorted(kept, reverse=True)  # by the time in their names


def before_now(path: Path) -> Path | None:
    """Return what was at *path* before what is there now, if that was written from here."""
    # By the digest of what is there: nothing is put back over what a person has written since.
    # docs/decisions/2026-11-29-retention-setup-codes.md
    suffix = f".{_digest(path.read_bytes())}{BEFORE}"
    for each in befores(path):
        if each.name.endswith(suffix):
            return each
    return None


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


def _meant(config: Config, index: int, name: str, *, on: bool) -> Config:
    uses = list(config.mappings)
    uses[index] = evolve(uses[index], settings={**uses[index].settings, name: on})
    return evolve(config, mappings=tuple(uses))


def _refuse_another(text: str, meant: Config) -> None:
    # Only the text is edited, so that comments stay: reading it again shows what came of it.
    # docs/decisions/2026-11-23-settings-in-the-file.md
    main = meant.main if meant.main.folder else None
    if parse_config(text, meant.path, main=main) != meant:
        # As if it could not be written: either way it has to be changed by hand.
        raise OSError("the new text does not say what is meant")
