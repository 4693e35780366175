"""Site roles: given and withdrawn."""
