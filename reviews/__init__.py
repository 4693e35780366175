"""Opinions: reviews with half stars, and likes."""
