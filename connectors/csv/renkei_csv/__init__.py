"""A CSV file as a renkei connector: the system that everything exports to and imports from."""

from renkei_csv.connector import CSV

__all__ = ["CSV"]
