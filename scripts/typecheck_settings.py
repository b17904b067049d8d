"""Just enough Django settings for mypy to know the models: the node's own need a node's home folder."""

SECRET_KEY = "read by no one"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "comity.node",
]
AUTH_USER_MODEL = "node.Officer"
USE_TZ = True
