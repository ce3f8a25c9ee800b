"""Who is who: the number, and what tells a person beside it."""
