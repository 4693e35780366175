"""Who is asking: the access token of a request, and whether its session and reader still count."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import User
from accounts.personal_tokens.reading import PersonalAccess, is_personal, read_personal_token
from accounts.sessions import session_behind
from accounts.tokens import AccessToken, invalid_token, read_access_token
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.errors import Unauthenticated


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`, or a personal token; whatever else is there is 401.

    The signature is checked first; then one query finds the session with its reader, so that a
    sign-out, a suspension or the end of an account is obeyed by the next request.
    """

    def authenticate(self, request: Request) -> tuple[User, AccessToken | PersonalAccess] | None:
        """The reader and the token (with its `session`, or `scopes`); None without a header.

        Raises:
            Unauthenticated: `invalid_token`, `token_expired`, `session_ended`,
                `account_suspended`.
        """
        header = request.META.get("HTTP_AUTHORIZATION", "").strip()
        if not header:
            return None
        try:
            token = authenticated(header, address=client_address(request))
        except Unauthenticated:
            # Whoever asks again while the error is answered meets nobody, not the error.
            request.user = AnonymousUser()
            raise
        reader: User = token.reader if isinstance(token, PersonalAccess) else token.session.reader
        request._request.reader_id = reader.pk  # type: ignore[attr-defined]
        return reader, token

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return 'Bearer realm="bookbridge"'


def authenticated(header: str, *, address: str = "") -> AccessToken | PersonalAccess:
    """The access token in an Authorization header, with its `session`, or the personal one.

    Arguments:
        address: whence it came, noted as the last use of a personal token.
    """
    scheme, _space, text = header.partition(" ")
    if scheme.lower() != "bearer":
        raise invalid_token()
    text = text.strip()
    if is_personal(text):
        return read_personal_token(text, address=address)
    token = read_access_token(text)
    token.session = session_behind(token)
    return token
