"""Runs at set times: when one is due, and who is told to begin it."""
