"""How many statements each GET takes: measured here, kept in `docs/queries.md`."""
