"""Connector for Touch On Time."""
