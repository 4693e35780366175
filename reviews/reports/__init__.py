"""Readers report what should not be there; site moderators decide."""
