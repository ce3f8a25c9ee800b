"""Mappings: YAML in, translation in both directions out.

A mapping is found and read by :func:`load_mapping`, checked against the fields of its connectors by
:func:`check_mapping`, and compiled for one direction by :func:`compile_translation`.
"""

from renkei.mapping.advice import advice
from renkei.mapping.check import (
    Beyond,
    check_mapping,
    offered_offline,
    unchecked,
    unfilled,
    unoffered,
)
from renkei.mapping.load import built_in_mappings, find_mapping, load_mapping, parse_mapping
from renkei.mapping.model import FieldMapping, Pair, Setting, Sides, Substitute, Towards
from renkei.mapping.schema import schema
from renkei.mapping.transforms import Transform, Transforms
from renkei.mapping.translate import (
    Explained,
    Row,
    Translated,
    Translation,
    compile_translation,
)

__all__ = [
    "Beyond",
    "Explained",
    "FieldMapping",
    "Pair",
    "Row",
    "Setting",
    "Sides",
    "Substitute",
    "Towards",
    "Transform",
    "Transforms",
    "Translated",
    "Translation",
    "advice",
    "built_in_mappings",
    "check_mapping",
    "compile_translation",
    "find_mapping",
    "load_mapping",
    "offered_offline",
    "parse_mapping",
    "schema",
    "unchecked",
    "unfilled",
    "unoffered",
]
