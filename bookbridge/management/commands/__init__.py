"""`manage.py <name>`: one module for each command."""
