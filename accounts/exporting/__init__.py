"""Taking one's data out: one file with everything that is the reader's."""
