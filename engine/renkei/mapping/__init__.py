"""Mappings: YAML in, translation in both directions out.

A mapping is found and read by :func:`load_mapping`, checked against the fields of its connectors by
:func:`check_mapping`, and compiled for one direction by :func:`compile_translation`.

A name is imported when it is asked for: what is read of a store needs few of them.
"""

from typing import TYPE_CHECKING

from renkei.lazily import names_of

if TYPE_CHECKING:
    from renkei.mapping.advising import advice as advice
    from renkei.mapping.check import Beyond as Beyond
    from renkei.mapping.check import check_mapping as check_mapping
    from renkei.mapping.check import offered_offline as offered_offline
    from renkei.mapping.check import unchecked as unchecked
    from renkei.mapping.check import unfilled as unfilled
    from renkei.mapping.check import unoffered as unoffered
    from renkei.mapping.compiling import compile_translation as compile_translation
    from renkei.mapping.json_schema import schema as schema
    from renkei.mapping.load import built_in_mappings as built_in_mappings
    from renkei.mapping.load import find_mapping as find_mapping
    from renkei.mapping.load import load_mapping as load_mapping
    from renkei.mapping.load import parse_mapping as parse_mapping
    from renkei.mapping.model import FieldMapping as FieldMapping
    from renkei.mapping.model import Pair as Pair
    from renkei.mapping.model import Setting as Setting
    from renkei.mapping.model import Sides as Sides
    from renkei.mapping.model import Substitute as Substitute
    from renkei.mapping.model import Towards as Towards
    from renkei.mapping.transforms import Transform as Transform
    from renkei.mapping.transforms import Transforms as Transforms
    from renkei.mapping.translate import Explained as Explained
    from renkei.mapping.translate import Row as Row
    from renkei.mapping.translate import Translated as Translated
    from renkei.mapping.translate import Translation as Translation

__getattr__ = names_of(
    __name__,
    {
        "advising": ("advice",),
        "check": (
            "Beyond",
            "check_mapping",
            "offered_offline",
            "unchecked",
            "unfilled",
            "unoffered",
        ),
        "compiling": ("compile_translation",),
        "load": ("built_in_mappings", "find_mapping", "load_mapping", "parse_mapping"),
        "model": ("FieldMapping", "Pair", "Setting", "Sides", "Substitute", "Towards"),
        "json_schema": ("schema",),
        "transforms": ("Transform", "Transforms"),
        "translate": ("Explained", "Row", "Translated", "Translation"),
    },
)
