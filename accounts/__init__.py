"""Readers, their sessions and tokens, their roles and their personal data."""
