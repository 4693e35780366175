"""BookBridge, a platform for reading clubs: settings, addresses, server doors and project-wide
commands.
"""

__version__ = "0.1.0"
