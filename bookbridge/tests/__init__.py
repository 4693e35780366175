"""Tests of the whole: the architecture, the schema, the access table, the documents."""
