"""Changing the key that signs tokens, without an outage."""
