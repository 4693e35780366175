"""Bringing in what others collected: catalogues and ratings, from files of any size."""
