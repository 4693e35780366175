"""What makes it a Django project: apps, middleware, templates, languages, static files."""

from bookbridge.environment import BASE_DIR, env

VAR_DIR = (
    BASE_DIR / "var"
)  # what the program writes: database, static files, logs; not in version control

SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="")
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
DEMO = env.bool("DEMO", default=True)  # an empty database is filled with the demo

INSTALLED_APPS = [
    "bookbridge",  # before the rest, so that its templates and commands win
    "bookbridge.admin_apps.ModeratorAdminConfig",  # django.contrib.admin, with a site of our own
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "bookbridge.kernel",
    "accounts",
    "clubs",
    "reviews",
    "stats",
]

MIDDLEWARE = [
    # Outermost: gives the request its id, writes its log line.
    "bookbridge.kernel.request_log.RequestMiddleware",
    # Whatever is raised further in leaves as a problem document.
    "bookbridge.kernel.problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bookbridge.kernel.cors.Cors",
    "bookbridge.kernel.csp.ContentSecurityPolicyMiddleware",
    "bookbridge.kernel.pages.PageSessions",
    "bookbridge.kernel.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "bookbridge.kernel.pages.PageForms",
    "bookbridge.kernel.pages.PageUsers",
    "bookbridge.kernel.pages.PageMessages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "bookbridge.urls"
WSGI_APPLICATION = "bookbridge.wsgi.application"
# A redirected POST loses its body; below /api/ a missing slash is a 404 that names the right path.
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("pt-br", "Português (Brasil)")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Names carry a digest of the content, so browsers may keep the files for ever.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
