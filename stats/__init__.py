"""What all that reading adds up to: aggregates, cached, read by nobody below."""
