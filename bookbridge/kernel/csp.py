"""Headers that tell browsers what an answer may do: Content-Security-Policy and its kin.

Django 6.0 brings a middleware that reads `SECURE_CSP` in the same shape; Django 5.2 has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Policy = Mapping[str, Iterable[str] | str | bool | None]

HEADER = "Content-Security-Policy"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class ContentSecurityPolicyMiddleware:
    """Puts the policy of its path on every answer, and closes what else browsers offer.

    `settings.SECURE_CSP` holds for everything; the longest path of `SECURE_CSP_BY_PATH` that an
    address begins with replaces it whole. A view replaces both with `response.csp = {...}`
    (an empty policy sends no header).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer `request` with the headers."""
        response = self.get_response(request)
        by_path = _policy_of(request.path)
        override: Policy | None = getattr(response, "csp", None)
        policy = override if override is not None else (by_path or settings.SECURE_CSP)
        if value := build_policy(policy):
            response.setdefault(HEADER, value)
        if by_path is None:
            # Nothing here is a page, so that no address of it need be told to anybody.
            response.setdefault("Referrer-Policy", "no-referrer")
        else:
            response.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.setdefault("Permissions-Policy", PERMISSIONS)
        return response


def build_policy(policy: Policy) -> str:
    """The header for `policy`: directives with their sources, as Django 6.0 writes them.

    `True` stands for a directive without sources (`upgrade-insecure-requests`), `None` and
    `False` leave one out.
    """
    directives = []
    for name, sources in policy.items():
        if sources is None or sources is False:
            continue
        if sources is True:
            directives.append(name)
        elif isinstance(sources, str):
            directives.append(f"{name} {sources}")
        else:
            directives.append(" ".join([name, *sources]))
    return "; ".join(directives)


def _policy_of(path: str) -> Policy | None:
    """The policy of the longest path that `path` begins with; None where there is none."""
    by_path: Mapping[str, Policy] = getattr(settings, "SECURE_CSP_BY_PATH", {})
    matching = [prefix for prefix in by_path if path.startswith(prefix)]
    return by_path[max(matching, key=len)] if matching else None
