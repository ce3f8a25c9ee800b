"""Plug-in framework that keeps employees in step between two systems."""
