"""Personal access tokens: named, scoped and expiring, for scripts of a reader."""
