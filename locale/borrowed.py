"""Texts of Django REST Framework that BookBridge translates itself; read by `make messages` alone.

The framework's Brazilian Portuguese says something else here ("may perhaps not be null") or has a
slip. Texts that stand in BookBridge's own code need no line.
"""

from django.utils.translation import gettext_noop

BORROWED = (
    gettext_noop("Could not satisfy the request Accept header."),
    gettext_noop("Ensure this field has at least {min_length} elements."),
    gettext_noop("Ensure this field has no more than {max_length} elements."),
    gettext_noop("Ensure this value is greater than or equal to {min_value}."),
    gettext_noop("Ensure this value is less than or equal to {max_value}."),
    gettext_noop('Expected a list of items but got type "{input_type}".'),
    gettext_noop("Invalid data. Expected a dictionary, but got {datatype}."),
    gettext_noop("This field may not be null."),
    gettext_noop("This list may not be empty."),
)
