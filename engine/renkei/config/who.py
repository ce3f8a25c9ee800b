"""Whom a use of a mapping is for, as ``who:`` says: checked against the fields of both sides.

A value is given by its code or by what people call it, and several are any of them. What a number
may be is said in patterns, under ``number``: ``*`` is any characters or none, ``?`` is one,
everything else is itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from renkei.config.records import Config
from renkei.errors import MappingError, Problem
from renkei.mapping.check import entry_mistakes, never_read
from renkei.mapping.scope import Said
from renkei.people import Choice, FieldSpec
from renkei.plugins.choices import label_key, meant
from renkei.words.i18n import _
from renkei.yamlfile.converter import suggestion
from renkei.yamlfile.source import Where
from renkei.yamlfile.structure import Mistake

NUMBER = "number"
"""What the employee number is called here, whatever the field is."""

_NOT_WILD = {"＊": "*", "？": "?"}
"""What an input method makes of the two."""


def said_of(
    config: Config, index: int, fields: Mapping[str, Sequence[FieldSpec]]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """
    Return for each side what the use at *index* says of it, by field, with codes for known names.

    *fields* are those of both sides. Raises MappingError with every mistake.
    """
    found: dict[str, dict[str, tuple[str, ...]]] = {side: {} for side in fields}
    problems: list[Problem] = []
    for side, written in config.mappings[index].who.items():
        where = ("mappings", index, "who", side)
        mistakes = list(_mistakes(where, side, written, fields[side]))
        problems += [config.document.problem(*mistake) for mistake in mistakes]
        if mistakes:
            continue
        specs = _by_word(fields[side])
        for word, texts in written.items():
            spec = specs[word]
            found[side][spec.name] = _codes(spec, texts)
    if problems:
        raise MappingError(problems)
    return found


def resolved(
    config: Config,
    where: Where,
    said: Said,
    specs: Sequence[FieldSpec],
    choices: Callable[[str], Sequence[Choice]],
) -> Said:
    """
    Return what is *said* of one side with the codes that its system has for names.

    *where* is the place of that in the file, and *choices* asks for the choices of a field. Raises
    MappingError for values that are none of them, or the names of several.
    """
    # Numbers are patterns, without codes; where a field takes some values only, said_of has put in
    # theirs.
    told = {spec.name for spec in specs if spec.role == "number" or spec.allowed is not None}
    problems: list[Problem] = []
    found: dict[str, Sequence[str]] = dict(said)
    for name, texts in said.items():
        offered = () if name in told else choices(name)
        if not offered:
            continue
        codes: list[str] = []
        for place, text in enumerate(texts):
            hits = meant(offered, text)
            codes += [choice.code for choice in hits]
            if len(hits) != 1:
                mistake = _not_one(name, text, hits, offered)
                problems.append(config.document.problem((*where, name, place), mistake))
        found[name] = codes
    if problems:
        raise MappingError(problems)
    return found


def _by_word(specs: Sequence[FieldSpec]) -> dict[str, FieldSpec]:
    """Return the fields of a side by what they may be called here."""
    known = {spec.name: spec for spec in specs}
    for spec in specs:
        if spec.role == "number":
            known[NUMBER] = spec
    return known


def _mistakes(
    where: Where, side: str, written: Mapping[str, Sequence[str]], specs: Sequence[FieldSpec]
) -> Iterator[Mistake]:
    known = _by_word(specs)
    if not written:
        yield Mistake(where, _("name at least one field, or leave the side out"))
    for word, texts in written.items():
        if word not in known:
            told = _('{side} has no field "{name}"').format(side=side, name=word)
            yield Mistake((*where, word), told + suggestion(word, known), key=True)
            continue
        spec = known[word]
        yield from never_read((*where, word), spec)
        if not texts:
            yield Mistake((*where, word), _("name at least one value"))
        for place, text in enumerate(texts):
            here = (*where, word, place)
            if spec.role == "number":
                yield from _pattern(here, text)
            else:
                yield from _value(here, text, spec)


def _pattern(where: Where, text: str) -> Iterator[Mistake]:
    for wide, narrow in _NOT_WILD.items():
        if wide in text:
            told = _('write "{narrow}" in half width, not "{wide}"')
            yield Mistake(where, told.format(narrow=narrow, wide=wide))
    if "[" in text or "]" in text:
        told = _('"{pattern}": only * and ? stand for other characters; list several patterns')
        yield Mistake(where, told.format(pattern=text))


def _value(where: Where, text: str, spec: FieldSpec) -> Iterator[Mistake]:
    if _named(spec, text) is None:
        yield from entry_mistakes(where, text, spec, key=False)


def _codes(spec: FieldSpec, texts: Sequence[str]) -> tuple[str, ...]:
    """Return *texts* with codes in place of what people call the values of a field."""
    codes = [_named(spec, text) or text for text in texts]
    return tuple(codes)


def _named(spec: FieldSpec, text: str) -> str | None:
    """Return which of the only values that a field takes is called *text*, in either language."""
    key = label_key(text)
    for value, name in zip(spec.allowed or (), spec.allowed_labels, strict=False):
        if key in (label_key(name.ja), label_key(name.en)):
            return value
    return None


def _not_one(name: str, text: str, hits: Sequence[Choice], offered: Sequence[Choice]) -> str:
    if hits:
        told = _('"{value}" is the name of several; give one of the codes {codes}')
        codes = [choice.code for choice in hits]
        return told.format(value=text, codes=_(", ").join(codes))
    told = _('"{field}" cannot be "{value}"').format(field=name, value=text)
    words: list[str] = []
    for each in offered:
        words += (each.label, each.code)
    return told + suggestion(text, words)
