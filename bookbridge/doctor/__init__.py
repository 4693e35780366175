"""What may be wrong with an installation, and what to do about it.

Each module has a list `QUESTIONS` of functions that yield findings; `asking` asks them all.
"""
