"""The configuration file: read whole, every mistake told with its place."""

from renkei.config.load import (
    Config,
    ConnectionConfig,
    MappingUse,
    Settings,
    clock_for,
    load_config,
    network_of,
    parse_config,
    resolve_secret,
)

__all__ = [
    "Config",
    "ConnectionConfig",
    "MappingUse",
    "Settings",
    "clock_for",
    "load_config",
    "network_of",
    "parse_config",
    "resolve_secret",
]
