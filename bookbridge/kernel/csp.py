"""Headers that tell browsers what an answer may do: Content-Security-Policy and its kin.

Django 6.0 brings a middleware that reads `SECURE_CSP` in the same shape; Django 5.2 has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from bookbridge.kernel.headers import Made, made, put_missing

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
        by_path: Mapping[str, Policy] = getattr(settings, "SECURE_CSP_BY_PATH", {})
        longest_first = sorted(by_path.items(), key=lambda each: -len(each[0]))
        self._pages = [
            (path, _headers(policy, settings.SECURE_REFERRER_POLICY))
            for path, policy in longest_first
        ]
        # Nothing else is a page, so that no address of it need be told to anybody.
        self._rest = _headers(settings.SECURE_CSP, "no-referrer")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer `request` with the headers."""
        response = self.get_response(request)
        headers = self._of(request.path)
        override: Policy | None = getattr(response, "csp", None)
        if override is not None:
            headers = {name: each for name, each in headers.items() if name != HEADER.lower()}
            headers |= _policy(override)
        put_missing(response, headers)
        return response

    def _of(self, path: str) -> Made:
        """The headers of the longest path that `path` begins with."""
        for prefix, headers in self._pages:
            if path.startswith(prefix):
                return headers
        return self._rest


def _headers(policy: Policy, referrer: str) -> Made:
    return _policy(policy) | made(
        {
            "Referrer-Policy": referrer,
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": PERMISSIONS,
        }
    )


def _policy(policy: Policy) -> Made:
    value = build_policy(policy)
    return made({HEADER: value} if value else {})


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
