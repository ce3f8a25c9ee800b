"""The cattrs converter for strict YAML: hooks that take nothing for something else.

Plain cattrs would turn ``"no"`` into true and a word into a list of letters.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Collection
from functools import reduce
from operator import or_
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import list_structure_factory, mapping_structure_factory
from cattrs.gen import make_dict_structure_fn, override
from cattrs.strategies import use_class_methods

from renkei.clock import day_of
from renkei.words.i18n import _
from renkei.yamlfile.source import Data

Hook = Callable[[Any, Any], Any]
Factory = Callable[[Any, cattrs.Converter], Hook]


class Wrong(ValueError):
    """A value that does not fit; the message is for people and repeats the offending word."""


def suggestion(word: str, known: Collection[str]) -> str:
    """Return the end of a sentence about an unknown *word*: what was probably meant, or nothing."""
    close = difflib.get_close_matches(word.casefold(), [name.casefold() for name in known], n=1)
    meant = [name for name in known if name.casefold() in close]
    return _('; did you mean "{name}"?').format(name=meant[0]) if meant else ""


def expect(data: Data, kind: type, least: int = 0) -> None:
    """Raise Wrong unless *data* is text, a list or a mapping, as *kind* says, and long enough."""
    if data is None or data == "":
        raise Wrong(_("a value is missing"))
    if not isinstance(data, kind):
        nouns: dict[type, str] = {str: _("text"), list: _("a list"), dict: _("a mapping")}
        found = f'"{data}"' if isinstance(data, str) else nouns[type(data)]
        message = _("expected {expected}, not {found}")
        raise Wrong(message.format(expected=nouns[kind], found=found))
    if len(data) < least:
        raise Wrong(_("the list is empty"))


def _text(data: Data, _cls: type) -> str:
    expect(data, str)
    return str(data)


def _boolean(data: Data, _cls: type) -> bool:
    text = _text(data, str)
    if text not in ("true", "false"):
        raise Wrong(_('expected true or false, not "{word}"').format(word=text))
    return text == "true"


def is_whole(text: str) -> bool:
    """Tell whether *text* is taken for a whole number: Python reads no more than 4,300 digits."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def _integer(data: Data, _cls: type) -> int:
    text = _text(data, str)
    if not is_whole(text):
        raise Wrong(_('expected a whole number, not "{word}"').format(word=text))
    return int(text)


def _date(data: Data, _cls: type) -> dt.date:
    text = _text(data, str)
    day = day_of(text)
    if day is None:
        raise Wrong(_('expected a date like 2027-04-01, not "{word}"').format(word=text))
    return day


def _literal(data: Data, cls: type) -> str:
    text, known = _text(data, str), get_args(cls)
    if text not in known:
        sentence = _('expected {known}, not "{word}"')
        listed = _(" or ").join(known)
        raise Wrong(sentence.format(known=listed, word=text) + suggestion(text, known))
    return text


def _is_optional(cls: Any) -> bool:  # noqa: ANN401 - any annotation
    return NoneType in get_args(cls) and get_origin(cls) is not Literal


def _optional(cls: Any, converter: cattrs.Converter) -> Hook:  # noqa: ANN401
    others = [each for each in get_args(cls) if each is not NoneType]
    inner = reduce(or_, others)
    return lambda data, _cls: converter.structure(data, inner)


def _tuple(cls: Any, converter: cattrs.Converter) -> Hook:  # noqa: ANN401
    args = get_args(cls)
    read = _list(list[args[0]], converter)  # type: ignore[valid-type]

    if args[-1] is ...:
        return lambda data, _cls: tuple(read(data, list))

    def structure_tuple(data: Data, _cls: type) -> tuple[object, ...]:
        entries = tuple(read(data, list))
        if len(entries) != len(args):
            message = _("expected {expected} entries, not {found}")
            raise Wrong(message.format(expected=len(args), found=len(entries)))
        return entries

    return structure_tuple


def _list(cls: Any, converter: cattrs.Converter) -> Hook:  # noqa: ANN401
    return _after_expecting(list, list_structure_factory(cls, converter), cls)


def _dict(cls: Any, converter: cattrs.Converter) -> Hook:  # noqa: ANN401
    return _after_expecting(dict, mapping_structure_factory(cls, converter), cls)


def key_of(name: str) -> str:
    """Return the key of an attribute; ``from_`` is written ``from``, which Python keeps itself."""
    return name.removesuffix("_")


def _record(cls: Any, converter: cattrs.Converter) -> Hook:  # noqa: ANN401
    keys: Any = {name: override(rename=key_of(name)) for name in attrs.fields_dict(cls)}
    return _after_expecting(dict, make_dict_structure_fn(cls, converter, **keys), cls)


def _after_expecting(kind: type, read: Hook, cls: Any) -> Hook:  # noqa: ANN401
    def hook(data: Data, _cls: type) -> object:
        expect(data, kind)
        return read(data, cls)

    return hook


def _originates(origin: object) -> Callable[[Any], bool]:
    return lambda cls: get_origin(cls) is origin


def _make_converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    for cls, hook in ((str, _text), (bool, _boolean), (int, _integer), (dt.date, _date)):
        converter.register_structure_hook(cls, hook)
    converter.register_structure_hook_func(_originates(Literal), _literal)
    factories: list[tuple[Callable[[Any], bool], Factory]] = [
        (_is_optional, _optional),
        (_originates(list), _list),
        (_originates(tuple), _tuple),
        (_originates(dict), _dict),
        (attrs.has, _record),
    ]
    for predicate, factory in factories:
        converter.register_structure_hook_factory(predicate, factory)
    use_class_methods(converter, "from_yaml")
    return converter


CONVERTER = _make_converter()
