"""Connector for SmartHR."""
