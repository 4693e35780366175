"""The door for ASGI servers. The API itself is faster through `bookbridge.wsgi`."""

from django.core.asgi import get_asgi_application

from bookbridge import environment

environment.load()
application = get_asgi_application()
