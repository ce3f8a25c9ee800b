"""Connectors, found and held to their contract."""
