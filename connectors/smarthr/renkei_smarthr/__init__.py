"""SmartHR, the HR system, as a renkei connector."""

from renkei_smarthr.connector import SmartHR

__all__ = ["SmartHR"]
