"""The options of a connection, which only its connector can judge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from renkei.config.records import Config
from renkei.errors import MappingError, OptionsError


@contextmanager
def located(config: Config, name: str) -> Iterator[None]:
    """Tell of mistakes in the options of connection *name* with their places in the file."""
    try:
        yield
    except OptionsError as error:
        options = ("connections", name, "options")
        problems = [
            config.document.problem((*options, *each.path), each.message, key=each.key)
            for each in error.mistakes
        ]
        raise MappingError(problems) from None
