"""The files of companies as a worker reads them: each anew only when it has changed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

from attrs import define, field, frozen

from renkei.config.load import load_config
from renkei.config.main import Main
from renkei.config.records import Config
from renkei.errors import RenkeiError
from renkei.logs import log
from renkei.yamlfile.files import read_file

_MAY_HAVE = re.compile(r"^(?![ \t]*#).*schedules", re.MULTILINE)
"""
What stands in a file that has schedules, in whichever style: all may be one line, and # in a text.
"""


@frozen(kw_only=True)
class Read:
    """A company's file as it was read; no *config* where it has no schedules, or is *wrong*."""

    stamp: tuple[object, ...]
    config: Config | None = None
    wrong: bool = False


@define
class Watched:
    """
    The files of the main file at *path*; each mistake in them is told once.

    *anew* is called with the name of a company whose file was read anew.
    """

    path: Path
    anew: Callable[[str], object]
    _read: dict[str, Read] = field(factory=dict, init=False)

    def look(self, main: Main, names: Iterable[str]) -> Callable[[str], Config | None]:
        """
        Return what tells the configuration of a company of these *names*, if it has schedules.

        It is for one look at all of them: a file that changes meanwhile is seen at the next one.
        """
        known = frozenset(names)
        for gone in self._read.keys() - known:
            del self._read[gone]
        read = cache(partial(self._config, main, _stamp(main.path)))
        return lambda name: read(name) if name in known else None

    @property
    def wrong(self) -> frozenset[str]:
        """The companies with mistakes in their files."""
        return frozenset(name for name, read in self._read.items() if read.wrong)

    def _config(self, main: Main, of_main: tuple[int, ...], name: str) -> Config | None:
        path = main.new_file(name) if main.folder else main.path
        stamp = _stamp(path), of_main
        known = self._read.get(name)
        if known is None or known.stamp != stamp:
            known = self._read[name] = _read(self.path, path, name, stamp)
            self.anew(name)
        return known.config


def _read(path: Path, own: Path, name: str, stamp: tuple[object, ...]) -> Read:
    try:
        if not _MAY_HAVE.search(read_file(own)):  # a thousand without: none is taken apart
            return Read(stamp=stamp)
        return Read(stamp=stamp, config=load_config(path, name or None))
    except RenkeiError as error:
        log.error("configuration_wrong", company=name, code=error.code)
        return Read(stamp=stamp, wrong=True)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116 - a thousand of them
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns
