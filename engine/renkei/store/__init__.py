"""The report store: what was planned, chosen, sent and what became of it."""
