"""The options of a connection as a record of its connector, with every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import cattrs

from renkei.errors import OptionMistake, OptionsError
from renkei.yamlfile.converter import CONVERTER, Wrong
from renkei.yamlfile.structure import mistakes_of

T = TypeVar("T")


def read_options(options: Mapping[str, Any], cls: type[T]) -> T:
    """
    Return *options* as a record of *cls*, an attrs class; since renkei 0.2.

    Its attributes are the keys. Understood are texts, ``bool``, ``int``, dates, literals, lists,
    tuples, ``dict[str, X]`` and further attrs classes; ``X | None`` may be left out. Raises
    OptionsError with every mistake, misspelt keys included.
    """
    try:
        return CONVERTER.structure(dict(options), cls)
    except (cattrs.BaseValidationError, Wrong) as error:
        found = mistakes_of(error)
    raise OptionsError([OptionMistake(*each[:3]) for each in found])
