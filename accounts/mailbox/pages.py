"""The pages behind the links of mails: `/account/verify/`, `/account/email/`, `/account/reset/`.

The secret stands behind the `#` of the address: browsers send it to nobody, so that no log has it.
A script takes it out of the address bar and sends it to the API when the reader presses the button,
and not before: programs that open every link of a mail use none of them up.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import require_safe

from accounts import passwords


@method_decorator(require_safe, name="dispatch")
class AccountPage(View):
    """A page that sends what stands behind the `#` to a route of the API."""

    template = ""
    route = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; it is the same for everybody and knows no secret."""
        response = TemplateResponse(request, self.template, self.context())
        # The token must leave in no Referer either.
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ("Accept-Language",))
        return response

    def context(self) -> dict[str, Any]:
        """What the template needs."""
        return {"route": reverse(self.route)}


class VerifyPage(AccountPage):
    """Confirms the address of a new account."""

    template = "account/verify.html"
    route = "email-verify"


class ChangeAddressPage(AccountPage):
    """Confirms the new address of an account."""

    template = "account/email.html"
    route = "email-verify"


class ResetPage(AccountPage):
    """Takes a new password."""

    template = "account/reset.html"
    route = "password-reset-confirm"

    def context(self) -> dict[str, Any]:
        """The lengths of a password besides."""
        lengths = {"least": settings.PASSWORD_MIN_LENGTH, "most": passwords.MAX_LENGTH}
        return super().context() | lengths
