"""Records that are only ever added to: the model refuses, and on PostgreSQL a trigger does."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models


class RecordIsFinal(TypeError):
    """Somebody tried to change a record that is only ever added to."""

    def __init__(self, model: type[models.Model]) -> None:
        super().__init__(f"the {model._meta.verbose_name} is only ever added to")


class FinalQuerySet(models.QuerySet[Any]):
    """Records, which are read and added, never changed."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise RecordIsFinal(self.model)

    def delete(self) -> NoReturn:
        """Refuse."""
        raise RecordIsFinal(self.model)

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise RecordIsFinal(self.model)


class FinalRecord(models.Model):
    """Base of records that are final once they are written."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the record; one that is there stays as it is."""
        if not self._state.adding:
            raise RecordIsFinal(type(self))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise RecordIsFinal(type(self))
