"""The transactional outbox: what must happen outside the database once a transaction committed.

A row is written in the transaction of the act itself, so that the job exists if and only if the
act happened. A background worker does it afterwards.
"""
