"""Plain data into records: every mistake becomes a problem with its place and, often, a suggestion.

A record is an attrs class; its keys are its attributes. ``X | None`` means that a key may be left
out, never that its value may be. Text, ``true`` and ``false``, whole numbers, literals, lists,
``tuple[X, X]`` and ``dict[str, X]`` are understood, and classes with a class method
``from_yaml(data, converter)``, which raises :class:`Wrong`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator
from types import NoneType
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import list_structure_factory, mapping_structure_factory
from cattrs.gen import make_dict_structure_fn
from cattrs.strategies import use_class_methods

from renkei.errors import MappingError, Problem
from renkei.i18n import _
from renkei.mapping.source import MAX_PROBLEMS, Data, Document, Where

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]
Factory = Callable[[Any, cattrs.Converter], Hook]


class Mistake(NamedTuple):
    """What is wrong at *where*: with the value there, or with its *key*."""

    where: Where
    message: str
    key: bool = False


class Wrong(ValueError):
    """A value that does not fit; the message is for people and repeats the offending word."""


def structure(document: Document, cls: type[T]) -> T:
    """Return *document* as a record of *cls*. Raises MappingError with every mistake."""
    reading = Reading(document)
    record = reading.part(cls)
    if record is None:
        raise MappingError(reading.problems)
    return record


class Reading:
    """Structures a document part by part and collects the problems of all parts."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def add(self, mistakes: Iterable[Mistake]) -> None:
        """Remember *mistakes* as problems; raise MappingError when there are too many to read."""
        for mistake in mistakes:
            self.problems.append(self.document.problem(*mistake))
            if len(self.problems) == MAX_PROBLEMS:
                raise MappingError(self.problems)

    def part(self, cls: type[T], where: Where = ()) -> T | None:
        """Return what is at *where* as a record of *cls*; None if it has mistakes."""
        try:
            return _CONVERTER.structure(self._data(where), cls)
        except (cattrs.BaseValidationError, Wrong) as error:
            self.add(_mistakes(error, where))
            return None

    def each(self, cls: type[T], places: Iterable[Where]) -> dict[Where, T]:
        """Return what is at *places* as records of *cls*, without those that have mistakes."""
        parts = {where: self.part(cls, where) for where in places}
        return {where: part for where, part in parts.items() if part is not None}

    def entries(self, where: Where, kind: type, *, least: int = 0) -> list[Where]:
        """
        Return the places of the entries of the list or mapping (*kind*) at *where*.

        There must be *least* of them, unless there is nothing at *where*.
        """
        if where[-1] not in self._data(where[:-1]):
            return []
        data = self._data(where)
        try:
            _expect(data, kind, least)
        except Wrong as error:
            self.add(_mistakes(error, where))
            return []
        return [(*where, key) for key in (data if isinstance(data, dict) else range(len(data)))]

    def keys(self, cls: type) -> set[str]:
        """Check the keys of the top level, and nothing else, against *cls*; return the known."""
        data: dict[str, Data] = self._data(())
        known = attrs.fields_dict(cls)
        needed = [name for name, field in known.items() if field.default is attrs.NOTHING]
        self.add(_unknown((key,), known) for key in data.keys() - known.keys())
        self.add(Mistake((), _missing_key(name)) for name in needed if name not in data)
        return data.keys() & known.keys()

    def _data(self, where: Where) -> Any:  # noqa: ANN401 - the hooks find out what it is
        data: Any = self.document.data
        for step in where:
            data = data[step]
        return data


def suggestion(word: str, known: Collection[str]) -> str:
    """Return the end of a sentence about an unknown *word*: what was probably meant, or nothing."""
    close = difflib.get_close_matches(word.casefold(), [name.casefold() for name in known], n=1)
    meant = [name for name in known if name.casefold() in close]
    return _('; did you mean "{name}"?').format(name=meant[0]) if meant else ""


def _unknown(where: Where, known: Collection[str]) -> Mistake:
    key = str(where[-1])
    message = _('unknown key "{name}"').format(name=key) + suggestion(key, known)
    return Mistake(where, message, key=True)


def _missing_key(name: str) -> str:
    return _('the key "{name}" is missing').format(name=name)


def _named(where: Where, message: str) -> str:
    """Put the last key on the way to *where* before *message*."""
    key = next((step for step in reversed(where) if isinstance(step, str)), None)
    return f"{key}: {message}" if key else message


def _mistakes(error: BaseException, where: Where) -> Iterator[Mistake]:
    """Take a group of cattrs apart; its notes tell the way to each mistake."""
    if isinstance(error, cattrs.BaseValidationError):
        for inner in error.exceptions:
            yield from _mistakes(inner, (*where, *_steps(inner)))
    elif isinstance(error, cattrs.ForbiddenExtraKeysError):
        known = attrs.fields_dict(error.cl)
        yield from (_unknown((*where, key), known) for key in error.extra_fields)
    elif isinstance(error, KeyError):
        yield Mistake(where[:-1], _missing_key(error.args[0]))
    elif isinstance(error, Wrong):
        yield Mistake(where, _named(where, str(error)))
    else:
        raise error  # a mistake of ours, not of the file


def _steps(error: BaseException) -> Where:
    notes = getattr(error, "__notes__", ())
    names = [note.name for note in notes if isinstance(note, cattrs.AttributeValidationNote)]
    return (*names, *(n.index for n in notes if isinstance(n, cattrs.IterableValidationNote)))


def _expect(data: Data, kind: type, least: int = 0) -> None:
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
    _expect(data, str)
    return str(data)


def _boolean(data: Data, _cls: type) -> bool:
    text = _text(data, str)
    if text not in ("true", "false"):
        raise Wrong(_('expected true or false, not "{word}"').format(word=text))
    return text == "true"


def _integer(data: Data, _cls: type) -> int:
    text = _text(data, str)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Wrong(_('expected a whole number, not "{word}"').format(word=text))
    return int(text)


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
    (inner,) = (arg for arg in get_args(cls) if arg is not NoneType)
    return lambda data, _cls: converter.structure(data, inner)


def _tuple(cls: Any, converter: cattrs.Converter) -> Hook:  # noqa: ANN401
    args = get_args(cls)
    read = _list(list[args[0]], converter)  # type: ignore[valid-type]

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


def _record(cls: Any, converter: cattrs.Converter) -> Hook:  # noqa: ANN401
    return _after_expecting(dict, make_dict_structure_fn(cls, converter), cls)


def _after_expecting(kind: type, read: Hook, cls: Any) -> Hook:  # noqa: ANN401
    def hook(data: Data, _cls: type) -> object:
        _expect(data, kind)
        return read(data, cls)

    return hook


def _originates(origin: object) -> Callable[[Any], bool]:
    return lambda cls: get_origin(cls) is origin


def _make_converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    for cls, hook in ((str, _text), (bool, _boolean), (int, _integer)):
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


_CONVERTER = _make_converter()
