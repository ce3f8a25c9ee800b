"""Test doubles that are real, small implementations, for renkei's tests and integrators'."""

from renkei.testing.memory import MemoryConnector, MemorySystem, installed

__all__ = ["MemoryConnector", "MemorySystem", "installed"]
