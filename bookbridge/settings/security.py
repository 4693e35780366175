"""Accounts and passwords, cookies, and the headers that browsers obey."""

from bookbridge.environment import BASE_DIR, env

AUTH_USER_MODEL = "accounts.User"

PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", default=12)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "email", "pending_email", "display_name"]},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    # Django's own Argon2 hasher must stay out: it has the same name and would take the place of
    # ours when a password is checked. The others are here for hashes brought from elsewhere.
    "accounts.passwords.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]

# Whether an address counts only once its reader has opened the link that was mailed to it. Without,
# every address counts as its reader's own, and nobody is kept from learning which are taken.
EMAIL_VERIFICATION = env.bool("EMAIL_VERIFICATION", default=False)
# How long links are good that confirm an address, and that set a new password.
EMAIL_LINK_HOURS = env.int("EMAIL_LINK_HOURS", default=24)
PASSWORD_LINK_MINUTES = env.int("PASSWORD_LINK_MINUTES", default=60)

# Ed25519 keys for tokens, apart from SECRET_KEY: seeds of 32 bytes in base64url without padding.
# The first one signs, the others are only accepted. `manage.py rotate_signing_key` adds keys in the
# database, which each process reads again after so many seconds; 0: these here are all there are.
JWT_SIGNING_KEYS = env.list("JWT_SIGNING_KEYS", default=[])
JWT_KEYRING_SECONDS = env.int("JWT_KEYRING_SECONDS", default=10)
JWT_ISSUER = env.str("JWT_ISSUER", default="bookbridge")
JWT_AUDIENCE = env.str("JWT_AUDIENCE", default="bookbridge")
ACCESS_TOKEN_SECONDS = env.int("ACCESS_TOKEN_SECONDS", default=600)
REFRESH_TOKEN_DAYS = env.int("REFRESH_TOKEN_DAYS", default=14)

# Fernet keys (32 bytes in base64url) for secrets that must be read back; see kernel/sealing.py.
SEALING_KEYS = env.list("SEALING_KEYS", default=[])

# The name that authenticator apps show beside the codes.
SECOND_FACTOR_ISSUER = env.str("SECOND_FACTOR_ISSUER", default="BookBridge")
# Wrong codes of one account: in the window, and in a day.
SECOND_FACTOR_FAILURES = env.int("SECOND_FACTOR_FAILURES", default=5)
SECOND_FACTOR_WINDOW_SECONDS = env.int("SECOND_FACTOR_WINDOW_SECONDS", default=300)
SECOND_FACTOR_FAILURES_A_DAY = env.int("SECOND_FACTOR_FAILURES_A_DAY", default=50)
# Whether site roles count only for whoever has a second factor.
STAFF_SECOND_FACTOR_REQUIRED = env.bool("STAFF_SECOND_FACTOR_REQUIRED", default=False)

# Personal access tokens: the longest life, and how many of a reader at a time.
PERSONAL_TOKEN_MAX_DAYS = env.int("PERSONAL_TOKEN_MAX_DAYS", default=366)
PERSONAL_TOKENS_AT_MOST = env.int("PERSONAL_TOKENS_AT_MOST", default=50)


# Keys of the digests that stand for usernames of readers who left; see accounts/usernames.py. The
# first makes new ones; none is ever taken out, or the names that it retired could be given out.
RETIRED_NAME_KEYS = env.list("RETIRED_NAME_KEYS", default=[])

# Days between asking to leave and the erasure, in which one may change one's mind; 0: at once.
ERASURE_GRACE_DAYS = env.int("ERASURE_GRACE_DAYS", default=14)

# How often a reader may take their data out.
EXPORTS_PER_HOUR = env.int("EXPORTS_PER_HOUR", default=5)

# The file that remembers, outside the database, who left; see accounts/erasures.py.
ERASURE_LEDGER = str(BASE_DIR / env.str("ERASURE_LEDGER", default="var/erasures.log"))

# How many proxies of yours stand in front; the address of the client is taken from
# X-Forwarded-For accordingly. With 0 the header is ignored, because anybody can send it.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# PageForms (kernel/pages.py) is the middleware against forged forms that the check looks for by
# its name; a test holds that it works.
SILENCED_SYSTEM_CHECKS = ["security.W003"]

# Cookies exist for the admin only.
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Not "no-referrer": browsers then send `Origin: null` with forms, and the admin could not be used.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Written as Django 6.0 reads it, so that the own middleware can go when the project moves there.
# This policy is for everything; a longer path below replaces it whole.
SECURE_CSP = {
    "default-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
}
_PAGES = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}
SECURE_CSP_BY_PATH = {
    # Pages that handle a secret: files of one's own and nothing written into them.
    "/account/": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
    "/admin/": _PAGES,
    # Swagger UI and Redoc write style attributes; Redoc searches in a worker made from a blob.
    "/api/docs/": _PAGES | {"style-src": ["'self'", "'unsafe-inline'"]},
    "/api/redoc/": _PAGES
    | {"style-src": ["'self'", "'unsafe-inline'"], "worker-src": ["'self'", "blob:"]},
}
