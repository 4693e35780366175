"""The access policy: every operation of the schema with its rule. No row, no release."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from bookbridge.tests.access.rules import (
    BLIND,
    CARD,
    CONTENT,
    EVERYBODY,
    MEMBERS,
    OWNER,
    READERS,
    SITE_ADMINS,
    SITE_MODERATORS,
    STAFF,
    THINGS,
    Rule,
)
from bookbridge.tests.access.world import World

PASSWORD = "correct horse battery"


def _new_review(world: World, kind: str) -> dict[str, Any]:
    return {"book": world.names["entry_book"], "rating": 4.5}


def _order(world: World, kind: str) -> dict[str, Any]:
    return {"order": [world.names["entry"], world.names["reading"]]}


def _new_token(world: World, kind: str) -> dict[str, Any]:
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    return {"name": "Backup", "scopes": ["read"], "expires_at": tomorrow}


def _same_address(world: World, kind: str) -> dict[str, Any]:
    reader = world.readers.get(kind)
    return {"email": reader.email if reader else "nobody@example.org", "password": PASSWORD}


ACCOUNTS: dict[str, Rule] = {
    "POST auth/register/": BLIND(
        201, {"username": "newcomer", "email": "new@example.org", "password": PASSWORD}
    ),
    "POST auth/token/": BLIND(200, {"username": "other", "password": PASSWORD}),
    "POST auth/token/refresh/": BLIND(401, {"refresh": "x.y.z"}),
    "POST auth/token/verify/": BLIND(401, {"token": "x.y.z"}),
    "POST auth/logout/": READERS(204),
    "POST auth/logout-all/": READERS(204),
    "GET auth/sessions/": READERS(200),
    "DELETE auth/sessions/{id}/": READERS(404),
    "POST auth/token/second-factor/": BLIND(401, {"challenge": "none", "code": "123456"}),
    "GET auth/totp/": READERS(200),
    "POST auth/totp/": READERS(200),
    "POST auth/totp/confirm/": READERS(409, {"code": "123456"}),
    "DELETE auth/totp/": READERS(409, {"code": "123456"}),
    # A link that is not good counts against the client: these are no links at all.
    "POST auth/email/verify/": BLIND(400, {"token": ""}),
    "POST auth/email/resend/": BLIND(202, {"email": "nobody@example.org"}),
    "POST auth/email/change/": READERS(200, _same_address),
    "POST auth/password/change/": READERS(
        400, {"current_password": "not mine at all", "new_password": PASSWORD}
    ),
    "POST auth/password/reset/": BLIND(202, {"email": "nobody@example.org"}),
    "POST auth/password/reset/confirm/": BLIND(400, {"token": "", "password": PASSWORD}),
    "GET users/": EVERYBODY(200),
    "GET users/me/": READERS(200),
    "PATCH users/me/": READERS(200, {"bio": "Reads."}),
    "DELETE users/me/": READERS(204),
    "POST users/me/restore/": READERS(409),
    "GET users/me/export/": READERS(200),
    "GET users/me/security/": READERS(200),
    "GET users/me/invitations/": READERS(200),
    "DELETE users/me/notices/{id}/": READERS(404),
    "GET users/me/tokens/": READERS(200),
    "POST users/me/tokens/": READERS(201, _new_token),
    "DELETE users/me/tokens/{id}/": READERS(404),
    "GET users/{username}/": EVERYBODY(200),
    "GET users/{username}/clubs/": EVERYBODY(200),
    "GET users/{username}/reviews/": EVERYBODY(200),
}

CLUBS: dict[str, Rule] = {
    "GET clubs/": EVERYBODY(200),
    "POST clubs/": READERS(201, {"name": "Another club"}),
    "GET clubs/{slug}/": CARD(200),
    "PATCH clubs/{slug}/": OWNER(200, {"description": "New words."}),
    "DELETE clubs/{slug}/": OWNER(204),
    "POST clubs/{slug}/archive/": OWNER(200),
    "POST clubs/{slug}/restore/": OWNER(409),
    "POST clubs/{slug}/join/": Rule(
        public="401 201 201 409 409 409 201 404 201 401 201",
        private="401 201 201 409 409 409 201 404 201 401 201",
        hidden="404 404 201 409 409 409 404 404 404 401 404",
    ),
    "POST clubs/{slug}/leave/": Rule(
        public="401 403 204 204 204 409 403 404 403 401 403",
        private="401 403 204 204 204 409 403 404 403 401 403",
        hidden="404 404 204 204 204 409 404 404 404 401 404",
    ),
    "GET clubs/{slug}/members/": CONTENT(200),
    "GET clubs/{slug}/members/{username}/": CONTENT(200),
    "PATCH clubs/{slug}/members/{username}/": OWNER(200, {"role": "moderator"}),
    "DELETE clubs/{slug}/members/{username}/": STAFF(204),
    "GET clubs/{slug}/bans/": STAFF(200),
    "PUT clubs/{slug}/bans/{username}/": STAFF(200, {"reason": "Shouting."}),
    "DELETE clubs/{slug}/bans/{username}/": STAFF(204),
    "GET clubs/{slug}/requests/": STAFF(200),
    "POST clubs/{slug}/requests/{username}/approve/": STAFF(200),
    "POST clubs/{slug}/requests/{username}/decline/": STAFF(200),
    "GET clubs/{slug}/invitations/": STAFF(200),
    "POST clubs/{slug}/invitations/": STAFF(201, {"max_uses": 3}),
    "DELETE clubs/{slug}/invitations/{id}/": STAFF(204),
    # Whoever holds the token may know of the club; only the banned may not.
    "GET invitations/{token}/": Rule(
        **dict.fromkeys(
            ("public", "private", "hidden"), "200 200 200 200 200 200 200 404 200 401 200"
        )
    ),
    "POST invitations/{token}/": Rule(
        **dict.fromkeys(
            ("public", "private", "hidden"), "401 201 201 409 409 409 201 404 201 401 201"
        )
    ),
}

READING: dict[str, Rule] = {
    "GET clubs/{slug}/books/": CONTENT(200),
    "POST clubs/{slug}/books/": MEMBERS(201, lambda world, kind: {"book": world.names["free"]}),
    "GET clubs/{slug}/books/order/": CONTENT(200),
    "PUT clubs/{slug}/books/order/": STAFF(200, _order, headers={"If-Match": "*"}),
    "GET clubs/{slug}/books/{id}/": CONTENT(200),
    "PATCH clubs/{slug}/books/{id}/": STAFF(200, {"status": "planned"}),
    "DELETE clubs/{slug}/books/{id}/": STAFF(204),
    "PUT clubs/{slug}/books/{id}/support/": MEMBERS(204),
    "DELETE clubs/{slug}/books/{id}/support/": MEMBERS(204),
}

BOOKS: dict[str, Rule] = {
    "GET books/": EVERYBODY(200),
    "POST books/": READERS(201, {"title": "By hand", "authors": ["A. Writer"]}),
    "GET books/{id}/": EVERYBODY(200),
    # Added by nobody in particular and shared: site moderators edit it.
    "PATCH books/{id}/": Rule(
        **dict.fromkeys(
            ("public", "private", "hidden"), "401 403 403 403 403 403 403 403 200 401 200"
        ),
        body={"subtitle": "Corrected"},
    ),
    "GET books/isbn/{isbn}/": EVERYBODY(200),
    "POST books/lookup/": READERS(200, lambda world, kind: {"isbn": world.names["isbn"]}),
    "GET books/{id}/reviews/": EVERYBODY(200),
}

REVIEWS: dict[str, Rule] = {
    "GET reviews/": EVERYBODY(200),
    "POST reviews/": READERS(201, _new_review),
    "GET reviews/{id}/": THINGS(200),
    "PATCH reviews/{id}/": Rule(
        public="401 403 403 403 403 403 403 404 403 401 403",
        private="401 404 404 403 403 403 404 404 404 401 404",
        hidden="401 404 404 403 403 403 404 404 404 401 404",
        body={"rating": 2},
    ),
    "DELETE reviews/{id}/": Rule(
        public="401 403 403 403 403 403 403 404 403 401 403",
        private="401 404 404 403 403 403 404 404 404 401 404",
        hidden="401 404 404 403 403 403 404 404 404 401 404",
    ),
    "PUT reviews/{id}/like/": Rule(
        public="401 204 204 204 204 204 204 404 204 401 204",
        private="401 404 404 204 204 204 404 404 404 401 404",
        hidden="401 404 404 204 204 204 404 404 404 401 404",
    ),
    "DELETE reviews/{id}/like/": Rule(
        public="401 204 204 204 204 204 204 404 204 401 204",
        private="401 404 404 204 204 204 404 404 404 401 404",
        hidden="401 404 404 204 204 204 404 404 404 401 404",
    ),
}


def _report_club(world: World, kind: str) -> dict[str, Any]:
    return {"target": {"kind": "club", "id": world.names["slug"]}, "reason": "spam"}


REPORTS: dict[str, Rule] = {
    # Who may know of a club may report it; its owner may not.
    "POST reports/": Rule(
        public="401 201 201 201 201 409 201 404 201 401 201",
        private="401 201 201 201 201 409 201 404 201 401 201",
        hidden="401 404 201 201 201 409 404 404 404 401 404",
        body=_report_club,
    ),
    "GET users/me/reports/": READERS(200),
    "GET moderation/reports/": SITE_MODERATORS(200),
    "GET moderation/reports/{id}/": SITE_MODERATORS(200),
    "POST moderation/reports/{id}/uphold/": SITE_MODERATORS(
        200, {"action": "hide", "reason": "Advertising."}
    ),
    "POST moderation/reports/{id}/dismiss/": SITE_MODERATORS(200, {"reason": "Harmless."}),
    "GET moderation/log/": SITE_MODERATORS(200),
    "POST users/{username}/suspend/": SITE_MODERATORS(200, {"reason": "Advertising."}),
    "POST users/{username}/reinstate/": SITE_MODERATORS(200),
    "PUT users/{username}/roles/": SITE_ADMINS(200, {"roles": ["moderator"]}),
    "POST books/{id}/merge/": SITE_MODERATORS(
        200, lambda world, kind: {"into": world.names["free"]}
    ),
    "DELETE books/{id}/": SITE_MODERATORS(409),
}

STATS: dict[str, Rule] = {
    "GET stats/": EVERYBODY(200),
    "GET stats/clubs/{slug}/": CONTENT(200),
    "GET stats/books/{id}/": EVERYBODY(200),
    "GET stats/users/{username}/": EVERYBODY(200),
    "GET stats/chart.svg": EVERYBODY(200),
    "GET stats/clubs/{slug}/chart.svg": CONTENT(200),
    "GET stats/books/{id}/chart.svg": EVERYBODY(200),
    "GET stats/users/{username}/chart.svg": EVERYBODY(200),
}

TABLE: dict[str, Rule] = {
    **ACCOUNTS,
    **CLUBS,
    **READING,
    **BOOKS,
    **REVIEWS,
    **REPORTS,
    **STATS,
}


def path_of(operation: str, world: World) -> str:
    """The concrete path of an operation in a world."""
    template = operation.split(" ", 1)[1]
    names = {
        "slug": world.names["slug"],
        "token": world.names["token"],
        "isbn": world.names["isbn"],
        "username": "other",
        "id": world.names["book"],
    }
    if "/requests/" in template:
        names["username"] = "asker"
    if operation.startswith("DELETE") and "/bans/" in template:
        names["username"] = "outcast"
    if "/invitations/{id}" in template:
        names["id"] = world.names["link"]
    elif template.startswith("auth/sessions/"):
        names["id"] = world.names["session"]
    elif template.startswith("clubs/"):
        names["id"] = world.names["entry"]
    elif "moderation/reports/" in template:
        names["id"] = world.names["report"]
    elif template.startswith("reviews/"):
        names["id"] = world.names["review"]
    return template.format(**names)
