"""Mappings: YAML in, translation in both directions out.

A mapping is found and read by :func:`load_mapping`, checked against the fields of its connectors by
:func:`check_mapping`, and compiled for one direction by :func:`compile_translation`. Strict reading
of any YAML file, with the place of every mistake, is :func:`read_yaml` and :func:`structure`.
"""

from renkei.mapping.advice import advice
from renkei.mapping.check import check_mapping, offered_offline, unfilled, unoffered
from renkei.mapping.converter import Wrong
from renkei.mapping.files import read_file
from renkei.mapping.load import built_in_mappings, find_mapping, load_mapping, parse_mapping
from renkei.mapping.model import Mapping, Pair, Setting, Sides, Substitute, Towards
from renkei.mapping.schema import schema
from renkei.mapping.source import Document, read_yaml
from renkei.mapping.structure import structure
from renkei.mapping.text import comparable, near_key
from renkei.mapping.transforms import Transform, Transforms
from renkei.mapping.translate import (
    Explained,
    Row,
    Translated,
    Translation,
    compile_translation,
)

__all__ = [
    "Document",
    "Explained",
    "Mapping",
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
    "Wrong",
    "advice",
    "built_in_mappings",
    "check_mapping",
    "comparable",
    "compile_translation",
    "find_mapping",
    "load_mapping",
    "near_key",
    "offered_offline",
    "parse_mapping",
    "read_file",
    "read_yaml",
    "schema",
    "structure",
    "unfilled",
    "unoffered",
]
