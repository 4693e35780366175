"""What site moderators do to somebody: the record of it, and how those concerned hear of it."""
