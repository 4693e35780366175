"""What site moderators do to reviews and books, and the log of all they do."""
