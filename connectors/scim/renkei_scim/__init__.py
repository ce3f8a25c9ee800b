"""SCIM 2.0, the protocol of identity providers, as a renkei connector."""

from renkei_scim.connector import SCIM

__all__ = ["SCIM"]
