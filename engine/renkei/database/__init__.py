"""Databases of ours, in a file or on a server: made, migrated and refused in one way."""
