"""Curated demo data: real books, fictional readers and clubs, and sample opinions."""
