"""The security record: what happened to accounts, shown to their readers and to staff."""
