"""The dashboard: a face on renkei.runs, for people who do not use a terminal."""
