"""The configuration file: read whole, every mistake told with its place."""

from renkei.config.load import (
    Config,
    ConnectionConfig,
    MappingUse,
    OAuth2,
    Settings,
    clock_for,
    load_config,
    network_of,
    parse_config,
)
from renkei.config.pairs import MOST_DAYS
from renkei.config.secrets import resolve_secret

__all__ = [
    "MOST_DAYS",
    "Config",
    "ConnectionConfig",
    "MappingUse",
    "OAuth2",
    "Settings",
    "clock_for",
    "load_config",
    "network_of",
    "parse_config",
    "resolve_secret",
]
