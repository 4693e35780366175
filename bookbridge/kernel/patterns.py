"""SQL's own LIKE, for patterns of words (`kernel.text.words`)."""

from __future__ import annotations

from django.db import models
from django.db.models import Func


class Like(Func):
    """Whether a text is like a pattern: words hold no signs that would mean anything in one."""

    template = "(%(expressions)s)"
    arg_joiner = " LIKE "
    arity = 2
    output_field = models.BooleanField()
