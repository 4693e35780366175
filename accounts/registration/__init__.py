"""New accounts."""
