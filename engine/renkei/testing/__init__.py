"""Test doubles that are real, small implementations, for renkei's tests and integrators'."""

from renkei.testing.memory import MemoryConnector, MemorySystem, installed
from renkei.testing.opening import opened

__all__ = ["MemoryConnector", "MemorySystem", "installed", "opened"]
