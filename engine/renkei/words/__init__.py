"""What is said to people, in two languages."""
