"""The whole platform in one file, and back again; what must stay dead stays dead.

`archive` knows the file, `sqlite` and `postgresql` the databases, `restoring` the way back and
`afterwards` what a restored database must not bring to life.
"""
