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

# Ed25519 keys for access tokens, apart from SECRET_KEY: seeds of 32 bytes in base64url without
# padding. The first one signs, the others are only accepted, so that a key can be changed without
# signing anybody out.
JWT_SIGNING_KEYS = env.list("JWT_SIGNING_KEYS", default=[])
JWT_ISSUER = env.str("JWT_ISSUER", default="bookbridge")
JWT_AUDIENCE = env.str("JWT_AUDIENCE", default="bookbridge")
ACCESS_TOKEN_SECONDS = env.int("ACCESS_TOKEN_SECONDS", default=600)
REFRESH_TOKEN_DAYS = env.int("REFRESH_TOKEN_DAYS", default=14)

# Fernet keys (32 bytes in base64url) for secrets that must be read back; see kernel/sealing.py.
SEALING_KEYS = env.list("SEALING_KEYS", default=[])

# The file that remembers, outside the database, who left; see accounts/erasures.py.
ERASURE_LEDGER = str(BASE_DIR / env.str("ERASURE_LEDGER", default="var/erasures.log"))

# How many proxies of yours stand in front; the address of the client is taken from
# X-Forwarded-For accordingly. With 0 the header is ignored, because anybody can send it.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

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
