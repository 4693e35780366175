"""What must always be true in the data, asked of the database; and how stored numbers are healed.

One module for each area of the domain; each has a list `CHECKS`. `running` walks them all.
"""
