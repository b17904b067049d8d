"""Django's settings, made from the node's `Settings`. Each door is served with its own URL configuration."""

from pathlib import Path

from comity.node.database import for_django
from comity.node.settings import LANGUAGES as OUR_LANGUAGES
from comity.node.settings import address, current
from comity.seal.keys import read_secret

_node = current()
_here = Path(__file__).parent

SECRET_KEY = read_secret(_node.keys / "django.key").decode()
DEBUG = False
ALLOWED_HOSTS = [address(_node.officers)[0], address(_node.peers)[0], "localhost"]
ROOT_URLCONF = "comity.node.officers.urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "comity.node"]
AUTH_USER_MODEL = "node.Officer"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "comity.node.officers.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "comity.node.officers.middleware.officer_language",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_here / "officers" / "templates", _here / "public" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "comity.node.officers.context.node",
            ],
            "builtins": ["comity.node.officers.templatetags.comity"],
        },
    }
]
DATABASES = {"default": for_django(_node.home, _node.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "cases"
LOGOUT_REDIRECT_URL = "sign-in"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_TRUSTED_ORIGINS = [_node.officers]
# Cookies are shared by all ports of a host: each node of an exercise on one machine needs names of its own.
SESSION_COOKIE_NAME = f"comity_{_node.state.lower()}_session"
CSRF_COOKIE_NAME = f"comity_{_node.state.lower()}_csrf"
LANGUAGE_COOKIE_NAME = f"comity_{_node.state.lower()}_language"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
USE_I18N = True
USE_TZ = True
TIME_ZONE = _node.time_zone
LANGUAGE_CODE = _node.language
LANGUAGES = list(OUR_LANGUAGES.items())
LOCALE_PATHS = [_here / "locale"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 8_000  # a request has up to 600 rows of accounts, persons and property
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s", "datefmt": "%Y-%m-%dT%H:%M:%S%z"}
    },
    "filters": {"quiet": {"()": "comity.node.public.quiet.Quiet"}},
    "handlers": {"log": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["quiet"]}},
    "root": {"handlers": ["log"], "level": "INFO"},
    "loggers": {"httpx2": {"level": "WARNING"}, "pyhanko": {"level": "ERROR"}},
}
