"""A small world to try a running server with: three clubs, and one reader of every kind.

Made through the services, and made right again by every further run.
"""
