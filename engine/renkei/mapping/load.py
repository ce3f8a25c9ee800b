"""Finding a mapping file and reading it, with every mistake that can be told without connectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from renkei.errors import ConfigurationError, MappingError, RenkeiError
from renkei.mapping.check import NOTHING, Beyond, field_mistakes
from renkei.mapping.model import FieldMapping, File, Pair, Setting, Sides, Substitute
from renkei.mapping.rules import Parts, broken_rules
from renkei.mapping.transforms import Transforms
from renkei.people import FieldSpec
from renkei.words.i18n import _
from renkei.yamlfile.converter import suggestion
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import Where, read_yaml
from renkei.yamlfile.structure import Mistake, Reading

GROUP = "renkei.mappings"
_SUFFIXES = (".yaml", ".yml")


FieldsOf = Callable[[str], Sequence[FieldSpec]]
"""Returns the fields of the connector of that name, or raises RenkeiError."""

BeyondOf = Callable[[str], Beyond]
"""Returns what is known of that connector beside its fields."""


def load_mapping(
    name_or_path: str,
    relative_to: Path,
    transforms: Transforms | None = None,
    fields_of: FieldsOf | None = None,
    beyond_of: BeyondOf = lambda _connector: NOTHING,
) -> FieldMapping:
    """Find and parse a mapping. Raises MappingError with every mistake, or ConfigurationError."""
    path, text = find_mapping(name_or_path, relative_to)
    return parse_mapping(text, path, transforms, fields_of, beyond_of)


def find_mapping(name_or_path: str, relative_to: Path) -> tuple[str, str]:
    """
    Return what messages call the file, and its text.

    What holds a slash or ends in ``.yaml`` is a path, from the folder *relative_to* on. Everything
    else names a built-in mapping: a file in a package of the entry-point group ``renkei.mappings``.
    Raises MappingError if the file cannot be read, ConfigurationError if no mapping has the name.
    """
    has_slash = "/" in name_or_path or "\\" in name_or_path
    if has_slash or name_or_path.endswith(_SUFFIXES):
        path = relative_to / name_or_path
        return str(path), read_file(path)
    known = built_in_mappings()
    if name_or_path not in known:
        message = _('there is no mapping "{name}"; a path ends in .yaml').format(name=name_or_path)
        raise ConfigurationError(message + suggestion(name_or_path, known), code="mapping")
    file = known[name_or_path]
    return file.name, file.read_text(encoding="utf-8")


def parse_mapping(
    text: str,
    path: str,
    transforms: Transforms | None = None,
    fields_of: FieldsOf | None = None,
    beyond_of: BeyondOf = lambda _connector: NOTHING,
) -> FieldMapping:
    """
    Return the mapping in *text*; messages call it *path*, and the path's stem is its name.

    Raises MappingError with every mistake that can be told without the connectors' fields. With
    *fields_of* that error has those as well that :func:`check_mapping` would tell afterwards.
    """
    known = transforms or Transforms()
    reading = Reading(read_yaml(text, path))
    parts = _read_parts(reading, known)
    reading.add(broken_rules(parts))
    if parts.sides is None:
        raise MappingError(reading.problems)
    settings = {str(where[1]): setting for where, setting in parts.settings.items()}
    mapping = FieldMapping(
        name=Path(path).stem,
        document=reading.document,
        sides=parts.sides,
        settings=settings,
        placed=parts.pairs,
        substitutes=parts.substitutes,
    )
    if reading.problems:
        reading.add(_field_mistakes(mapping, reading.halves, known, fields_of, beyond_of))
        # both directions, and the rules, may tell the same
        raise MappingError(list(dict.fromkeys(reading.problems)))
    return mapping


def _field_mistakes(
    mapping: FieldMapping,
    halves: dict[Where, object],
    transforms: Transforms,
    fields_of: FieldsOf | None,
    beyond_of: BeyondOf,
) -> Iterator[Mistake]:
    """Yield what is wrong with the fields of a mapping of which only a part could be read."""
    if fields_of is None:
        return
    try:
        fields = {side: fields_of(connector) for side, connector in mapping.sides.items()}
        beyond = {side: beyond_of(connector) for side, connector in mapping.sides.items()}
    except RenkeiError:
        return  # a connector that is not there: told as soon as the file itself is good
    yield from field_mistakes(mapping, fields, transforms, halves, beyond)


def built_in_mappings() -> dict[str, Traversable]:
    """Return the files of all packages in the group, by name. Raises ConfigurationError."""
    found: dict[str, Traversable] = {}
    for package in _packages():
        for file in _yaml_files(package):
            name = file.name.removesuffix(".yaml")
            if name in found:
                message = _('two packages bring a mapping named "{name}"; one of them is {package}')
                raise ConfigurationError(message.format(name=name, package=package), code="mapping")
            found[name] = file
    return found


@cache
def _packages() -> tuple[str, ...]:
    """Return the packages of the group; looked up once, since all that is installed is read."""
    named = {entry.module for entry in entry_points(group=GROUP)}
    return tuple(sorted(named))


def _yaml_files(package: str) -> list[Traversable]:
    try:
        return [file for file in files(package).iterdir() if file.name.endswith(".yaml")]
    except ImportError:
        message = _('the package of mappings "{package}" cannot be imported; install it again')
        raise ConfigurationError(message.format(package=package), code="mapping") from None


def _read_parts(reading: Reading, transforms: Transforms) -> Parts:
    """Read each part on its own, so that a mistake in one hides none in another."""
    keys = reading.keys(File)
    pairs = reading.entries(("fields",), list, least=1)
    settings = reading.entries(("settings",), dict)
    by_side = reading.entries(("substitute",), dict)
    substitutes: list[Where] = []
    for side in by_side:
        substitutes += reading.entries(side, list)
    return Parts(
        sides=reading.part(Sides, ("sides",)) if "sides" in keys else None,
        names=[str(where[1]) for where in settings],
        settings=reading.each(Setting, settings),
        pairs=reading.each(Pair, pairs),
        substitutes=reading.each(Substitute, substitutes),
        transforms=tuple(transforms),
    )
