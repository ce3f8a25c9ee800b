"""The JSON Schema (2020-12) of a mapping file, for completion and checks in editors.

Made from the classes in :mod:`renkei.mapping.model`. An editor reads ``true`` and ``42`` in YAML as
what they look like, so switches are booleans here, and values in tables may also be numbers.
"""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal, get_args, get_origin

import attrs

from renkei.mapping.model import Code, File, Sides, Substitute
from renkei.mapping.transforms import Transforms
from renkei.words.i18n import _

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def schema(transforms: Transforms | None = None) -> Schema:
    """Return the schema, with the names of *transforms* (default: the built-in ones) as choices."""
    made: Schema = {"$schema": DIALECT, "title": _("A mapping of renkei"), **_of(File)}
    towards = made["properties"]["fields"]["items"]["properties"]["to"]["additionalProperties"]
    towards["properties"]["transform"]["enum"] = sorted(transforms or Transforms())
    made["properties"]["fields"]["minItems"] = 1
    return made


def _of(kind: Any) -> Schema:  # noqa: ANN401 - any annotation
    """Return the schema of one annotation of the model."""
    special = {str: _text, bool: _boolean, Code: _code, Sides: _sides, Substitute: _substitute}
    if kind in special:
        return special[kind]()
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(args)}
    if origin is list:
        return {"type": "array", "items": _of(args[0])}
    if origin is tuple:
        count = len(args)
        return {"type": "array", "items": _of(args[0]), "minItems": count, "maxItems": count}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(args[1])}
    if NoneType in args:
        return _of(args[0])
    return _record(kind)


def _record(cls: type[attrs.AttrsInstance]) -> Schema:
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for each in attrs.fields(attrs.resolve_types(cls)):
        properties[each.name] = _of(each.type) | _described(each)
        if each.default is attrs.NOTHING:
            required.append(each.name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _described(attribute: attrs.Attribute[Any]) -> Schema:
    about = attribute.metadata.get("about")
    return {"description": _(about)} if about else {}


def _text() -> Schema:
    return {"type": "string", "minLength": 1}


def _boolean() -> Schema:
    return {"type": "boolean"}


def _code() -> Schema:
    return {"type": ["string", "number", "boolean"], "minLength": 1}


def _sides() -> Schema:
    return {
        "oneOf": [
            {
                "type": "array",
                "items": _text(),
                "minItems": 2,
                "maxItems": 2,
                "uniqueItems": True,
            },
            {
                "type": "object",
                "additionalProperties": _text(),
                "minProperties": 2,
                "maxProperties": 2,
            },
        ]
    }


def _substitute() -> Schema:
    named = attrs.fields_dict(Substitute)
    return {
        "type": "object",
        "properties": {name: _text() | _described(named[name]) for name in ("when", "if_filled")},
        "required": ["if_filled"],
        "additionalProperties": _text(),
        # at least one field beside if_filled, and beside when if that is there
        "anyOf": [
            {"minProperties": 3},
            {"minProperties": 2, "not": {"required": ["when"]}},
        ],
    }
