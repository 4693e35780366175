"""Leaving BookBridge: the days of grace, the change of mind, the erasure."""
