"""The office of the end-to-end tests, for questions of security."""

from tests.e2e.conftest import empty_store, office

__all__ = ["empty_store", "office"]
