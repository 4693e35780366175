"""Who may do what: one table for every operation, every kind of reader, every visibility."""
