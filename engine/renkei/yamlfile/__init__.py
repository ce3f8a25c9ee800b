"""YAML that a person wrote: plain data with the place of everything, so that a mistake has one."""
