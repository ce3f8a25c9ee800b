"""What lists of companies need of each file: label, environment, whether it is paused, settings.

A file is read whole to work with it. Of a thousand, three lines of each have to do.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from attrs import evolve, field, frozen

from renkei.config.load import parse_config
from renkei.config.main import Company, Environment, Main
from renkei.config.records import Settings
from renkei.errors import MappingError
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import Data, read_yaml
from renkei.yamlfile.structure import structure


@frozen(kw_only=True)
class _Head:
    """Those keys as they are written."""

    label: str = ""
    environment: Environment = "production"
    paused: bool = False
    settings: Settings = field(factory=Settings)


_KEYS = ("label", "environment", "paused", "settings")
_OURS = re.compile(rf"^(?:{'|'.join(_KEYS)}):.*(?:\r?\n(?:[ \t#].*)?)*", re.MULTILINE)
"""One of the keys with its value, be it in several lines, with comments between them."""

_OTHER_STYLE = re.compile(r"^(?![a-z_]+:(?:[ \t\r]|$)|-[ \t]|[ \t#\r]|$)", re.MULTILINE)
"""A line that begins otherwise than in block style with plain keys: then all of it is read."""

_PLAIN = re.compile(r"label: ([^\W\d_](?:[\w ]*\w)?)(?:\n+environment: (production|sandbox))?")
"""A label that says what it spells: it begins with a letter, and no sign of YAML is in it."""

_WORDS = frozenset({"false", "no", "null", "off", "on", "true", "yes"})
"""What begins with a letter and is no text all the same."""


class Heads:
    """The heads of many files that are looked at again and again: an unchanged one is kept."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[tuple[int, ...], Company]] = {}

    def of(self, main: Main, name: str) -> Company:
        """Return and raise what :func:`head_of` does."""
        path = main.new_file(name)
        try:
            found = path.stat()
        except OSError:
            return head_of(main, name)  # it says what is wrong
        # A file that takes the place of another has its own inode, whatever its size and time.
        stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
        kept = self._kept.get(path)
        if kept is None or kept[0] != stamp:
            kept = self._kept[path] = stamp, head_of(main, name, path)
        return kept[1]


def head_of(main: Main, name: str, path: Path | None = None) -> Company:
    """
    Return the company *name* as its file describes it; hardly anything else of it is looked at.

    *path* is where that file is, unless in its place. Raises MappingError if that cannot be read.
    """
    path = path or main.new_file(name)
    text = read_file(path)
    whole = _OTHER_STYLE.search(text.removeprefix("\ufeff")) is not None
    head = text if whole else "\n".join(_OURS.findall(text))
    if not head:
        return Company(name=name)
    plain = _PLAIN.fullmatch(head.rstrip("\n"))
    if plain and plain[1].casefold() not in _WORDS:  # as nearly every file, in a tenth of the time
        environment = cast("Environment", plain[2] or "production")
        return Company(name=name, label=plain[1], environment=environment)
    try:
        document = read_yaml(head, str(path))
        data = cast("dict[str, Data]", document.data)
        kept: Data = {key: data[key] for key in _KEYS if key in data}
        written = structure(evolve(document, data=kept), _Head)
    except MappingError:
        parse_config(text, path, main=main)  # it knows the right places
        raise
    return Company(
        name=name,
        label=written.label,
        environment=written.environment,
        paused=written.paused,
        second_factor=written.settings.needs_code,
        sso=written.settings.only_sso,
    )
