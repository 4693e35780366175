"""Mails to readers: their texts, how they are written and how they are handed over.

`accounts.mail.send` puts them into the outbox; here is what happens when their time comes.
"""
