"""Databases of ours, in a file or on a server: made, migrated and refused in one way."""

from renkei.database.opening import Opened, Schema, driver_of, open_database, standing_of
from renkei.database.refusals import damaged, no_room, refuse_damage, translated, unwritable
from renkei.database.server import open_server, standing_on_server

__all__ = [
    "Opened",
    "Schema",
    "damaged",
    "driver_of",
    "no_room",
    "open_database",
    "open_server",
    "refuse_damage",
    "standing_of",
    "standing_on_server",
    "translated",
    "unwritable",
]
