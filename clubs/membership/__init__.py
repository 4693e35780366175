"""Clubs themselves and who belongs to them."""
