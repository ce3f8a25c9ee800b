"""Databases of ours, each in a file of its own: made, migrated and refused in one way."""

from renkei.database.opening import Opened, Schema, open_database
from renkei.database.refusals import damaged, no_room, refuse_damage, translated, unwritable

__all__ = [
    "Opened",
    "Schema",
    "damaged",
    "no_room",
    "open_database",
    "refuse_damage",
    "translated",
    "unwritable",
]
