"""How the catalogue is asked."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class BookQuerySet(models.QuerySet[Any]):
    """Books of the catalogue; every one of them is public."""

    def in_language(self, tag: str) -> BookQuerySet:
        """Books in a language or one of its varieties: `pt` also finds `pt-br`."""
        return self.filter(Q(language=tag) | Q(language__startswith=f"{tag}-"))

    def by_author(self, author_id: int) -> BookQuerySet:
        """Books that this author wrote, alone or with others."""
        return self.filter(authorships__author_id=author_id)

    def known_under(self, isbn13: str) -> BookQuerySet:
        """The book with this ISBN-13, if there is one."""
        return self.filter(isbns__isbn13=isbn13)
