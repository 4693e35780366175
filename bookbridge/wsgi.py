"""The door for WSGI servers; gunicorn comes in here."""

from django.core.wsgi import get_wsgi_application

from bookbridge import alongside, environment
from bookbridge.warming import warm

environment.load()
application = get_wsgi_application()
warm()
alongside.start()
