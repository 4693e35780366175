"""What moderators do to records: one page for each act, which asks for the reason.

An act calls the same service as the API; what the service refuses is shown as a message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from bookbridge.kernel.errors import DomainError, InvalidInput

REASON_LENGTH = 1000
#: So many things at once: each is a transaction of its own.
AT_ONCE = 100


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea({"rows": 4}),
        help_text=gettext_lazy(
            "Those concerned can read it. It is kept in the moderation log for good: name nobody."
        ),
    )


class SuspendForm(ReasonForm):
    """Why, and until when."""

    until = forms.DateTimeField(
        label=gettext_lazy("Until (UTC)"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}),
        help_text=gettext_lazy("Empty: for good."),
    )


@dataclass(frozen=True)
class Act:
    """One thing that can be done to a record.

    Attributes:
        name: in the address of its page.
        label: on the button.
        run: called with the record, who acts, and what the form holds, for each record.
        possible: whether there is something to do.
    """

    name: str
    label: str | Promise
    run: Callable[[Any, Any, dict[str, Any]], None]
    form: type[forms.Form] = ReasonForm
    possible: Callable[[Any], bool] = lambda thing: True


def perform(
    request: HttpRequest, act: Act, things: list[Model], data: dict[str, Any]
) -> list[Model]:
    """Do it to each of `things`; tell what could not be done. Gives those it was done to."""
    done = []
    for thing in things:
        try:
            act.run(thing, request.user, data)
        except DomainError as error:
            faults = [str(fault[2]) for fault in getattr(error, "errors", [])]
            why = " ".join(faults) if isinstance(error, InvalidInput) else str(error)
            messages.error(request, f"{thing}: {why or error}")
        else:
            done.append(thing)
    if done:
        text = ngettext(
            "{act}: done to {number} record.", "{act}: done to {number} records.", len(done)
        )
        messages.success(request, text.format(act=act.label, number=len(done)))
    return done
