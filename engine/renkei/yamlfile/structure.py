"""Plain data into records: every mistake becomes a problem with its place and, often, a suggestion.

A record is an attrs class; its keys are its attributes, and ``from`` is ``from_``. ``X | None``
means that a key may be left out, never that its value may be. Text, ``true`` and ``false``, whole
numbers, dates, literals, lists, ``tuple[X, X]``, ``tuple[X, ...]`` and ``dict[str, X]`` are
understood, and classes with a class method ``from_yaml(data, converter)``, which raises
:class:`renkei.yamlfile.converter.Wrong`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import attrs
import cattrs

from renkei.errors import Hint, MappingError, Problem
from renkei.words.i18n import _
from renkei.yamlfile.converter import CONVERTER, Wrong, expect, key_of, suggestion
from renkei.yamlfile.source import MAX_PROBLEMS, Data, Document, Where

T = TypeVar("T")


class Mistake(NamedTuple):
    """What is wrong at *where*: with the value there, or with its *key*."""

    where: Where
    message: str
    key: bool = False
    hint: Hint | None = None


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
        self.halves: dict[Where, object] = {}
        """What is left, without their mistakes, of the records that have some."""

    def add(self, mistakes: Iterable[Mistake]) -> None:
        """Remember *mistakes* as problems; raise MappingError when there are too many to read."""
        for mistake in mistakes:
            self.problems.append(self.document.problem(*mistake))
            if len(self.problems) == MAX_PROBLEMS:
                raise MappingError(self.problems)

    def part(self, cls: type[T], where: Where = ()) -> T | None:
        """Return what is at *where* as a record of *cls*; None if it has mistakes."""
        try:
            return CONVERTER.structure(self._data(where), cls)
        except (cattrs.BaseValidationError, Wrong) as error:
            self.add(_mistakes(error, where))
            return None

    def each(self, cls: type[T], places: Iterable[Where]) -> dict[Where, T]:
        """Return what is at *places* as records of *cls*, without those that have mistakes."""
        parts = {}
        for where in places:
            part = self.part(cls, where)
            if part is not None:
                parts[where] = part
                continue
            half = self._half(cls, where)  # a mistake hides no misspelt field beside it
            if half is not None:
                self.halves[where] = half
        return parts

    def entries(self, where: Where, kind: type, *, least: int = 0) -> list[Where]:
        """
        Return the places of the entries of the list or mapping (*kind*) at *where*.

        There must be *least* of them, unless there is nothing at *where*.
        """
        if where[-1] not in self._data(where[:-1]):
            return []
        data = self._data(where)
        try:
            expect(data, kind, least)
        except Wrong as error:
            self.add(_mistakes(error, where))
            return []
        steps = data if isinstance(data, dict) else range(len(data))
        return [(*where, step) for step in steps]

    def keys(self, cls: type) -> set[str]:
        """Check the keys of the top level, and nothing else, against *cls*; return the known."""
        data: dict[str, Data] = self._data(())
        known = attrs.fields_dict(cls)
        for key in data.keys() - known.keys():
            self.add([_unknown((key,), known)])
        for name, field in known.items():
            is_needed = field.default is attrs.NOTHING
            if is_needed and name not in data:
                self.add([Mistake((), missing_key(name))])
        return data.keys() & known.keys()

    def _half(self, cls: type[T], where: Where) -> T | None:
        """Return the record at *where* without its mistakes; None if it is none without them."""
        data = self._data(where)
        try:
            return CONVERTER.structure(data, cls)
        except (cattrs.BaseValidationError, Wrong) as error:
            wrong = [mistake.where for mistake in _mistakes(error, ())]
        with suppress(cattrs.BaseValidationError, Wrong):
            return CONVERTER.structure(_without(data, wrong), cls)
        return None

    def _data(self, where: Where) -> Any:  # noqa: ANN401 - the hooks find out what it is
        data: Any = self.document.data
        for step in where:
            data = data[step]
        return data


def mistakes_of(error: BaseException) -> list[Mistake]:
    """Return what an error of the converter tells, each with the way to it."""
    return list(_mistakes(error, ()))


def _without(data: Data, wrong: Iterable[Where]) -> Data:
    """Return *data* without the keys at the places *wrong*."""
    if not isinstance(data, dict):
        return data
    places = list(wrong)
    found: dict[str, Data] = {}
    for key, value in data.items():
        if (key,) in places:
            continue
        inside = [where[1:] for where in places if where[:1] == (key,)]
        found[key] = _without(value, inside)
    return found


def _unknown(where: Where, known: Collection[str]) -> Mistake:
    key = str(where[-1])
    message = _('unknown key "{name}"').format(name=key) + suggestion(key, known)
    return Mistake(where, message, key=True)


def missing_key(name: str) -> str:
    """Return what is said of a key that has to be there."""
    return _('the key "{name}" is missing').format(name=name)


def _named(where: Where, message: str) -> str:
    """Put the last key on the way to *where* before *message*."""
    for step in reversed(where):
        if isinstance(step, str):
            return f"{step}: {message}" if step else message
    return message


def _mistakes(error: BaseException, where: Where) -> Iterator[Mistake]:
    """Take a group of cattrs apart; its notes tell the way to each mistake."""
    if isinstance(error, cattrs.BaseValidationError):
        for inner in error.exceptions:
            yield from _mistakes(inner, (*where, *_steps(inner)))
    elif isinstance(error, cattrs.ForbiddenExtraKeysError):
        known = [key_of(name) for name in attrs.fields_dict(error.cl)]
        for key in error.extra_fields:
            yield _unknown((*where, key), known)
    elif isinstance(error, KeyError):
        # At the record: the key, which is the last step, stands nowhere.
        yield Mistake(where[:-1], missing_key(error.args[0]))
    elif isinstance(error, Wrong):
        yield Mistake(where, _named(where, str(error)))
    else:
        raise error  # a mistake of ours, not of the file


def _steps(error: BaseException) -> Where:
    """Return the last steps on the way to *error*, as cattrs has noted them on it."""
    names: list[str] = []
    indices: list[str | int] = []
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, cattrs.AttributeValidationNote):
            names.append(key_of(note.name))
        elif isinstance(note, cattrs.IterableValidationNote):
            indices.append(note.index)
    return (*names, *indices)
