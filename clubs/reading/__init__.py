"""The reading list of a club and how an entry moves through it."""
