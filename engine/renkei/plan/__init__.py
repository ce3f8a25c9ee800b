"""Reads both sides and makes a plan of what differs; nothing in here writes to a system."""
