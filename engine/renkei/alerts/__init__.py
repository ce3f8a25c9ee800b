"""Who is told what: the states that need a person, the messages about them, and who sends those."""
