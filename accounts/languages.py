"""In which language somebody without account is spoken to."""

from __future__ import annotations

from django.utils.translation import get_language

from accounts.models import LANGUAGES


def language_of_client() -> str:
    """The language chosen by Accept-Language, as accounts name it."""
    language = (get_language() or "").lower()
    return language if language in dict(LANGUAGES) else "en"
