"""The command line of renkei: a face on renkei.runs."""
