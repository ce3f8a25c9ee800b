"""Touch On Time, the attendance system, as a renkei connector."""

from renkei_touchontime.connector import TouchOnTime

__all__ = ["TouchOnTime"]
