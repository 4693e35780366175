"""The REST framework, the OpenAPI document, CORS, and BookBridge's own limits."""

import os

from corsheaders.defaults import default_headers

from bookbridge import __version__
from bookbridge.environment import env

REST_FRAMEWORK = {
    # Closed by default: a view without a word about permissions answers 401 to strangers.
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["bookbridge.kernel.parsing.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "bookbridge.kernel.negotiation.Negotiation",
    "DEFAULT_RENDERER_CLASSES": ["bookbridge.kernel.rendering.JSONRenderer"],
    # The kernel counts requests itself; the stock classes lose count under load.
    "DEFAULT_THROTTLE_CLASSES": [],
    "DEFAULT_FILTER_BACKENDS": [],
    "DEFAULT_PAGINATION_CLASS": None,
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_VERSIONING_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "bookbridge.kernel.schema.KernelSchema",
    "EXCEPTION_HANDLER": "bookbridge.kernel.problems.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": False,
    "UNICODE_JSON": True,
    "COMPACT_JSON": True,
    "STRICT_JSON": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "BookBridge",
    "DESCRIPTION": (
        "Reading clubs, their members, books and reading lists, reviews and statistics.\n\n"
        "Sign in with `POST /api/v1/auth/token/` and send the access token as "
        "`Authorization: Bearer ...`. Public things are readable without an account.\n\n"
        "Errors are problem documents (RFC 9457) with a stable `code`. Lists come in pages: "
        "follow `next`. Answers carry an `ETag`: send it as `If-None-Match` to hear 304 when "
        "nothing changed, and as `If-Match` to edit only what you have seen. A POST with an "
        "`Idempotency-Key` can be sent again safely."
    ),
    "VERSION": __version__,
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVERS": [{"url": "/", "description": "This server"}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": False,
    # Served from files of the project: the documents work without the internet.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "bookbridge.kernel.schema_components.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ClubRole": "clubs.membership.models.Role.choices",
        "MembershipState": "clubs.membership.models.State.choices",
        "EntryStatus": "clubs.reading.serializers.STATUSES",
        "Visibility": "clubs.membership.models.Visibility.choices",
        "JoinPolicy": "clubs.membership.models.JoinPolicy.choices",
        "Language": "accounts.models.LANGUAGES",
        "ModerationVerb": "accounts.moderation.models.Verb.choices",
        "ModerationTargetKind": "accounts.moderation.models.TargetKind.choices",
        "ReportedKind": "reviews.reports.models.KIND_CHOICES",
        "ReportReason": "reviews.reports.models.Reason.choices",
        "ReportStatus": "reviews.reports.models.ReportStatus.choices",
        "ReportAction": "reviews.reports.models.Action.choices",
        "SiteRole": "accounts.models.SITE_ROLES",
        "TokenScope": "bookbridge.kernel.scopes.SCOPES",
        "SecurityEventKind": "accounts.security.models.EventKind.choices",
    },
}

CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/(api|\.well-known)/"
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
    "Idempotency-Replayed",
]

# Requests a minute, by address without an account and by reader with one.
RATE_LIMIT_ANONYMOUS = env.int("RATE_LIMIT_ANONYMOUS", default=300)
RATE_LIMIT_READER = env.int("RATE_LIMIT_READER", default=1200)
RATE_LIMIT_FACTOR = env.float(
    "RATE_LIMIT_FACTOR", default=1
)  # for load tests; production refuses anything but 1
# Failed sign-ins, by account and by address, and by account in a day; not scaled by the factor.
SIGN_IN_FAILURES = env.int("SIGN_IN_FAILURES", default=10)
SIGN_IN_WINDOW_SECONDS = env.int("SIGN_IN_WINDOW_SECONDS", default=300)
SIGN_IN_FAILURES_A_DAY = env.int("SIGN_IN_FAILURES_A_DAY", default=100)
# Mails that anybody can cause: to one address, and by one client without account.
MAILS_TO_ADDRESS_AN_HOUR = env.int("MAILS_TO_ADDRESS_AN_HOUR", default=5)
MAILS_BY_CLIENT_AN_HOUR = env.int("MAILS_BY_CLIENT_AN_HOUR", default=20)

MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", default=1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

IDEMPOTENCY_HOURS = env.int("IDEMPOTENCY_HOURS", default=24)
STATS_MAX_AGE_SECONDS = env.int("STATS_MAX_AGE_SECONDS", default=5)

# Here an empty value has a meaning: nothing is looked up.
OPENLIBRARY_URL = os.environ.get("OPENLIBRARY_URL", "https://openlibrary.org")
OPENLIBRARY_TIMEOUT = env.float("OPENLIBRARY_TIMEOUT", default=3)

# What apps keep of readers, how it is taken out and how it goes; see accounts/privacy.py.
PERSONAL_DATA = ["accounts.personal_data", "clubs.personal_data", "reviews.personal_data"]
# Modules told what happens to a club, so that clubs need not import what lies above: those of
# `visibility_changed`, `archival_changed` and `club_deleted` that a module has are called.
CLUB_LIFECYCLE = ["clubs.reading.finished", "reviews.club_lifecycle"]
# Modules with `end_all(reader, reason)`, called where everything of a reader ends at once: links,
# personal tokens and whatever else opens something without a session.
ACCOUNT_ENDINGS = [
    "accounts.links",
    "accounts.second_factor.challenges",
    "accounts.personal_tokens.services",
]
