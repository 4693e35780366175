"""For a server on the internet, behind HTTPS. Refuses to start, with every reason at once, when
something is missing.
"""

import os

from django.core.exceptions import ImproperlyConfigured

from bookbridge.environment import env
from bookbridge.settings.api import *
from bookbridge.settings.base import *
from bookbridge.settings.databases import *
from bookbridge.settings.logging import *
from bookbridge.settings.mail import *
from bookbridge.settings.security import *

_faults = [
    f"{name} is not set"
    for name in (
        "DJANGO_SECRET_KEY",
        "JWT_SIGNING_KEYS",
        "SEALING_KEYS",
        "RETIRED_NAME_KEYS",
        "ALLOWED_HOSTS",
        "DATABASE_URL",
    )
    if not os.environ.get(name)
]
if SECRET_KEY and len(SECRET_KEY) < 50:
    _faults.append("DJANGO_SECRET_KEY is shorter than 50 characters")
if "*" in ALLOWED_HOSTS:
    _faults.append(
        "ALLOWED_HOSTS must name the hosts; * would let anybody choose the addresses in answers"
    )
if RATE_LIMIT_FACTOR != 1:
    _faults.append("RATE_LIMIT_FACTOR is for load tests and must be 1")
if env.bool("DEBUG", default=False):
    _faults.append("DEBUG must be off")
if _faults:
    raise ImproperlyConfigured(
        "BookBridge does not start in production: " + "; ".join(_faults) + "."
    )

# Nothing secret is printed into a log: without a mail server mails wait, and `doctor` says so.
if not os.environ.get("EMAIL_URL"):
    EMAIL_BACKEND = ""

DEMO = env.bool("DEMO", default=False)

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # asked by the machine itself, without HTTPS
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 60 * 60)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=True)
