"""The second factor in the admin: the second step of signing in, and the page that sets it up.

What counts is decided by `accounts.second_factor`, with the limits of the API.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from django import forms
from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import SecondFactor, User
from accounts.second_factor import challenges, services
from accounts.second_factor.checking import Proof, has_second_factor
from accounts.security.records import record_event
from accounts.services import recognise
from accounts.site_roles import rank_of
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.errors import DomainError

BACKEND = "django.contrib.auth.backends.ModelBackend"
STEP_PAGE = "admin/second_step.html"
SET_UP_PAGE = "admin/second_factor.html"
_DIGITS = re.compile(r"[0-9 ]+", re.ASCII)


class CodeForm(forms.Form):
    """A code of the app, or a recovery code, in one field."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy("Six digits of your authenticator app, or a recovery code."),
        widget=forms.TextInput(
            {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


class SecondStepForm(CodeForm):
    """The code, and the challenge that the password bought."""

    challenge = forms.CharField(max_length=200, widget=forms.HiddenInput)
    user: User

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Redeem the challenge."""
        code, challenge = (self.cleaned_data.get(name) for name in ("code", "challenge"))
        if code and challenge:
            try:
                self.user = challenges.redeem(
                    challenge=challenge, proof=proof_of(code), then=_itself
                )
            except DomainError as error:
                raise forms.ValidationError(str(error), error.code) from None
            self.user.backend = BACKEND
            if not (self.user.is_staff and rank_of(self.user)):
                raise forms.ValidationError(str(challenges.invalid_challenge()))
        return self.cleaned_data

    def get_user(self) -> User:
        """Who signed in."""
        return self.user


class PasswordForm(forms.Form):
    """The password, before a secret is shown."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )


class SwitchOffForm(PasswordForm, CodeForm):
    """Both, before the second factor is switched off."""

    field_order = ("password", "code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["code"].widget.attrs["autofocus"]


class RecordedLoginView(LoginView):
    """Signing in to the admin is on the security record, like signing in to the API."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in."""
        response = super().form_valid(form)
        record_event(
            "signed_in",
            reader_id=form.get_user().pk,
            address=client_address(self.request),
            user_agent=self.request.headers.get("User-Agent", ""),
            to="admin",
        )
        return response


class SignInView(RecordedLoginView):
    """The first step; whoever has a second factor is asked for a code before they are in."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, or show the page that asks for the code."""
        reader = form.get_user()
        if not has_second_factor(reader.pk):
            return super().form_valid(form)
        initial = {"challenge": challenges.new_challenge(reader)}
        context = {
            **(self.extra_context or {}),
            "form": SecondStepForm(self.request, initial=initial),
            "next": self.get_redirect_url() or reverse("admin:index"),
        }
        return TemplateResponse(self.request, STEP_PAGE, context)


class SecondStepView(RecordedLoginView):
    """The second step: the code."""

    template_name = STEP_PAGE
    authentication_form = SecondStepForm  # type: ignore[assignment]
    http_method_names = ["post"]


def set_up(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The page of one's own second factor, for site staff.

    Switching it on takes the password, then a first code; switching it off takes both at once.
    """
    reader: Any = request.user
    act = request.POST.get("act") if request.method == "POST" else None
    if act == "leave":
        logout(request)
        return redirect("admin:login")
    if act == "begin":
        context |= _begin(request, reader)
    elif act == "confirm":
        context |= _confirm(request, reader)
    elif act == "off":
        context |= _switch_off(request, reader)
    else:
        context |= _state(reader)
    return TemplateResponse(request, SET_UP_PAGE, context)


def proof_of(text: str) -> Proof:
    """What somebody typed: digits are a code of the app, anything else is a recovery code."""
    return Proof(code=text) if _DIGITS.fullmatch(text) else Proof(recovery_code=text)


def _state(reader: User) -> dict[str, Any]:
    factor = SecondFactor.objects.in_force().filter(reader=reader).first()
    if factor is None:
        return {"form": PasswordForm(), "act": "begin"}
    left = services.codes_left(factor)
    return {"form": SwitchOffForm(), "act": "off", "factor": factor, "left": left}


def _begin(request: HttpRequest, reader: User) -> dict[str, Any]:
    form = PasswordForm(request.POST)
    if form.is_valid() and _knows_password(request, form, reader):
        try:
            secret = services.begin(reader=reader)
        except DomainError as error:
            form.add_error("password", str(error))
        else:
            # Imported at its first use: a megabyte that most processes never need.
            picture = import_module("segno").make(secret.address, error="m")
            return {
                "form": CodeForm(),
                "act": "confirm",
                "secret": " ".join(re.findall(".{1,4}", secret.base32)),
                "address": secret.address,
                "picture": picture.svg_data_uri(scale=5, border=4, light="#fff"),
            }
    return {"form": form, "act": "begin"}


def _confirm(request: HttpRequest, reader: User) -> dict[str, Any]:
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            shown = services.confirm(reader=reader, code=form.cleaned_data["code"])
        except DomainError as error:
            form.add_error("code", str(error))
        else:
            return {"recovery_codes": shown}
    return {"form": form, "act": "confirm"}


def _switch_off(request: HttpRequest, reader: User) -> dict[str, Any]:
    form = SwitchOffForm(request.POST)
    if form.is_valid() and _knows_password(request, form, reader):
        try:
            services.switch_off(reader=reader, proof=proof_of(form.cleaned_data["code"]))
        except DomainError as error:
            form.add_error("code", str(error))
        else:
            return _state(reader)
    return _state(reader) | {"form": form}


def _knows_password(request: HttpRequest, form: forms.Form, reader: User) -> bool:
    """Whether the password of the form is right; says so in the form when it is not."""
    try:
        recognise(
            username=reader.username,
            password=form.cleaned_data["password"],
            address=client_address(request),
        )
    except DomainError as error:
        wrong = error.code == "invalid_credentials"
        form.add_error("password", _("This is not your password.") if wrong else str(error))
        return False
    return True


def _itself(reader: User) -> User:
    return reader
