"""Carries a plan out: the only room that writes to a system."""
