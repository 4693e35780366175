"""Clubs, their members, the catalogue of books and the reading lists."""
