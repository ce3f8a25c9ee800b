"""YAML that a person wrote: plain data with the place of everything, so that a mistake has one."""

from renkei.yamlfile.converter import Wrong
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import Document, read_yaml
from renkei.yamlfile.structure import structure

__all__ = ["Document", "Wrong", "read_file", "read_yaml", "structure"]
