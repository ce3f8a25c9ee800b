"""Strict YAML: text in, plain data and the place of everything out.

Only what a person writes by hand is accepted: one document of lists, mappings and scalars, without
anchors, aliases, tags or merge keys. Every scalar is text (``0042`` stays ``0042``, ``no`` stays
``no``); one that is missing or ``null`` is None. The parser's events are read one by one, so that
neither depth nor aliases can make a small file large.
"""

from __future__ import annotations

import re
from typing import NoReturn, TypeAlias

import yaml
from attrs import define, frozen

from renkei.errors import Hint, MappingError, Problem
from renkei.words.i18n import _
from renkei.yamlfile.files import MAX_BYTES, place_after, refusal, too_large

MAX_DEPTH = 20
MAX_VALUES = 5_000
MAX_PROBLEMS = 100

Data: TypeAlias = "dict[str, Data] | list[Data] | str | None"
Where = tuple[str | int, ...]
"""The way from the top of a document to one value: keys, and indices counted from 0."""

Place = tuple[int, int]
"""Line and column, counted from 1."""

# PyYAML may have been built without libyaml.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = ("", "~", "null", "Null", "NULL")
# NEL, LS and PS would break lines for YAML and for no editor; a BOM inside a text is invisible.
# Not "none of those allowed": to compile that takes ten times as long, at each start of renkei.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)


@frozen
class Document:
    """One YAML file: its text, its plain data, and where everything in it stands."""

    path: str
    text: str
    data: Data
    _places: dict[Where, Place]
    _keys: dict[Where, Place]

    def at(self, where: Where, *, key: bool = False) -> Place:
        """
        Return the place of the value at *where*, or of its *key*.

        What is not in the file is at the nearest thing around it that is.
        """
        if key and where in self._keys:
            return self._keys[where]
        while where not in self._places:
            where = where[:-1]
        return self._places[where]

    def problem(
        self,
        where: Where,
        message: str,
        key: bool = False,  # noqa: FBT001, FBT002
        hint: Hint | None = None,
    ) -> Problem:
        """Return a problem with the value at *where*, or with its *key*."""
        return Problem(self.path, *self.at(where, key=key), message, hint)


def read_yaml(text: str, path: str) -> Document:
    """
    Parse *text*; *path* is what messages call it. Its top level must be a mapping.

    Raises MappingError with all the mistakes, up to the first that leaves the rest unreadable.
    """
    text = text.removeprefix("\ufeff")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise refusal(path, (1, 1), too_large())
    if found := _CONTROL.search(text):
        message = _("the character U+{code} is not allowed").format(code=f"{ord(found[0]):04X}")
        raise refusal(path, place_after(text[: found.start()]), message)
    return _Builder(path, text).build()


@define
class _Open:
    """A list or mapping that is still being read; *key* is the one whose value comes next."""

    data: dict[str, Data] | list[Data]
    where: Where
    key: str | None = None


class _Builder:
    """Builds a document from the parser's events, without recursion."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text
        self._top: Data = None
        self._places: dict[Where, Place] = {}
        self._keys: dict[Where, Place] = {}
        self._stack: list[_Open] = []
        self._problems: list[Problem] = []
        self._started = False

    def build(self) -> Document:
        """Return the document, or raise MappingError."""
        try:
            for event in yaml.parse(self._text, Loader=_LOADER):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            self._stop(*_syntax(error, self._text))
        if self._problems:
            raise MappingError(self._problems)
        if not isinstance(self._top, dict):
            raise refusal(self._path, (1, 1), _no_mapping(self._top))
        self._places[()] = (1, 1)
        return Document(self._path, self._text, self._top, self._places, self._keys)

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._start(event)
            case yaml.AliasEvent():
                self._complain(event, _('aliases are not allowed: "*{name}"'), str(event.anchor))
                self._put(event, f"*{event.anchor}")
            case yaml.ScalarEvent():
                self._refuse_magic(event)
                # Only plain ones: in quotes "null" is a word, as "no" and "0042" always are (F67).
                empty = event.implicit[0] and event.value in _NULLS
                self._put(event, None if empty else event.value)
            case yaml.SequenceStartEvent():
                self._open(event, [])
            case yaml.MappingStartEvent():
                self._open(event, {})
            case yaml.CollectionEndEvent():
                self._stack.pop()

    def _start(self, event: yaml.DocumentStartEvent) -> None:
        if self._started:
            self._stop(_mark(event), _("only one YAML document is allowed in a file"))
        self._started = True

    def _open(self, event: yaml.NodeEvent, data: dict[str, Data] | list[Data]) -> None:
        self._refuse_magic(event)
        if len(self._stack) == MAX_DEPTH:
            deep = _("lists and mappings are nested more than {limit} deep").format(limit=MAX_DEPTH)
            self._stop(_mark(event), deep)
        self._stack.append(_Open(data, self._put(event, data)))

    def _refuse_magic(self, event: yaml.NodeEvent) -> None:
        """Complain about an anchor or a tag."""
        if event.anchor is not None:
            self._complain(event, _('anchors are not allowed: "&{name}"'), event.anchor)
        if (tag := getattr(event, "tag", None)) is not None:
            self._complain(event, _('tags are not allowed: "{name}"'), tag)

    def _put(self, event: yaml.NodeEvent, value: Data) -> Where:
        """Put *value* where the open collection expects something; return where that is."""
        where: Where = ()
        parent = self._stack[-1] if self._stack else None
        if parent is None:
            self._top = value
        elif isinstance(parent.data, list):
            parent.data.append(value)
            where = (*parent.where, len(parent.data) - 1)
        elif parent.key is None:
            return self._put_key(event, parent, value)
        else:
            parent.data[parent.key] = value
            where = (*parent.where, parent.key)
            parent.key = None
        self._places[where] = _mark(event)
        if len(self._places) > MAX_VALUES:
            message = _("the file has more than {limit} values").format(limit=MAX_VALUES)
            self._stop(_mark(event), message)
        return where

    def _put_key(self, event: yaml.NodeEvent, parent: _Open, key: Data) -> Where:
        if not isinstance(key, str):
            self._stop(_mark(event), _("a key must be a plain word"))
        where = (*parent.where, key)
        if key == "<<" and getattr(event, "implicit", (False,))[0]:
            self._complain(event, _('merge keys are not allowed: "{name}"'), key)
        elif where in self._keys:
            line = self._keys[where][0]
            self._complain(event, _('the key "{name}" is already on line {line}'), key, line=line)
        else:
            self._keys[where] = _mark(event)
        parent.key = key
        return where

    def _complain(self, event: yaml.Event, message: str, name: str, **more: object) -> None:
        text = message.format(name=name, **more)
        self._problems.append(Problem(self._path, *_mark(event), text))
        if len(self._problems) == MAX_PROBLEMS:
            raise MappingError(self._problems)

    def _stop(self, place: Place, message: str) -> NoReturn:
        """Raise all problems so far and this one, after which nothing more can be read."""
        raise MappingError([*self._problems, Problem(self._path, *place, message)])


def _mark(event: yaml.Event) -> Place:
    mark = event.start_mark
    assert mark is not None  # noqa: S101 - only events made by hand have none
    return mark.line + 1, mark.column + 1


def _syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[Place, str]:
    """Return place and message of what the YAML parser complains about."""
    mark = error.problem_mark or error.context_mark
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    rest = text.splitlines()[place[0] - 1 : place[0]]
    if rest and rest[0][place[1] - 1 :].startswith("\t"):
        return place, _("a tab is not allowed here; use spaces")
    return place, _("this is not YAML: {problem}").format(problem=error.problem)


def _no_mapping(top: Data) -> str:
    if top is None:
        return _("the file is empty")
    return _('the top level must be lines of the form "key: value"')
