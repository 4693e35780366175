"""A platform of any size, invented: readers, clubs, books and reviews by bulk load.

The same seed and day bring the same rows. Nothing here passes through the services; that every
rule holds all the same is what `check_invariants` shows.
"""
