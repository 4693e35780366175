"""The catalogue: works, their authors and the ISBNs under which they are known."""
