"""The door for WSGI servers; gunicorn comes in here."""

from django.core.wsgi import get_wsgi_application

from bookbridge import allocation, alongside, environment
from bookbridge.warming import settle, warm

allocation.keep_little()
environment.load()
application = get_wsgi_application()
warm()
settle()
alongside.start()
