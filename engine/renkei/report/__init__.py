"""Plans and reports as files."""
