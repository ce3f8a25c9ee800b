"""The clock of a command: what RENKEI_NOW says, where all that is connected is on this computer."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence

from renkei.clock import Clock
from renkei.config.load import load_config
from renkei.config.main import Main
from renkei.config.records import Config
from renkei.errors import MappingError, UsageError
from renkei.model import Remark
from renkei.words.codes import remark
from renkei.words.i18n import _


def clock_for(
    config: Config, environment: Mapping[str, str] = os.environ
) -> tuple[Clock, Remark | None]:
    """
    Return the clock of a command, and a warning or None.

    RENKEI_NOW sets where it starts if all connections are on this computer, else it is ignored.
    """
    start = environment.get("RENKEI_NOW")
    if not start:
        return Clock(), None
    if not _is_all_here(config):
        return Clock(), remark("now_ignored")
    return Clock(_instant(start)), None


def clock_for_all(main: Main, environment: Mapping[str, str] = os.environ) -> Clock:
    """
    Return the clock of what is about all companies of a file.

    RENKEI_NOW sets where it starts if all connections of all of them are on this computer; only
    then the files are read for it.
    """
    start = environment.get("RENKEI_NOW")
    if not start:
        return Clock()
    names: Sequence[str | None] = [None] if main.folder is None else main.names()
    for name in names:
        try:
            config = load_config(main.path, name)
        except MappingError:
            continue  # nothing is connected by it
        if not _is_all_here(config):
            return Clock()
    return Clock(_instant(start))


def _is_all_here(config: Config) -> bool:
    return all(connection.loopback for connection in config.connections.values())


def _instant(text: str) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        message = _("RENKEI_NOW is not a time with an offset, such as 2026-11-22T12:00:00+09:00.")
        raise UsageError(message, code="now", where="RENKEI_NOW")
    return instant
