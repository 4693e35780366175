"""Settings in parts by concern, composed by three modules of which one is chosen with
DJANGO_SETTINGS_MODULE.

Parts: `base` (Django itself), `databases` (database and cache), `security` (passwords, cookies,
headers), `api` (the REST framework, the schema, BookBridge's own limits), `logging`. Composed:
`dev` (the default: one machine, no outside services needed), `test` and `production` (refuses to
start when something is missing). Every environment variable is listed, with a line of
explanation, in `.env.example`.
"""
