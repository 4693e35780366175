# BookBridge in a container. The last stage is what runs; `tests` is what compose.yaml has to pass first.
# docs/container.md says how it is used, and what of it could not be tried where it was written.

ARG PYTHON=python:3.13-slim-bookworm

# --- What both have ----------------------------------------------------------------------------------------------
FROM ${PYTHON} AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
RUN groupadd --system --gid 10001 bookbridge \
    && useradd --system --uid 10001 --gid bookbridge --home-dir /app --no-create-home --shell /usr/sbin/nologin bookbridge
WORKDIR /app

# --- The packages, from the lock with its hashes; a layer that changes with it alone -----------------------------
FROM base AS packages
COPY requirements.txt ./
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --require-hashes --no-compile -r requirements.txt \
    && .venv/bin/python -m compileall -q -j 0 .venv/lib

# --- The tests: everything, with what they need ------------------------------------------------------------------
FROM base AS tests
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make nginx-light \
    && rm -rf /var/lib/apt/lists/*
COPY --from=packages /app/.venv .venv
COPY requirements.txt requirements-dev.txt ./
RUN .venv/bin/python -m pip install --require-hashes -r requirements.txt -r requirements-dev.txt \
    && for lock in requirements.txt requirements-dev.txt; do \
           sha256sum $lock | cut -d ' ' -f 1 | tr -d '\n' > .venv/installed-$lock; \
       done
# `make` writes below the project: reports, .env, the schema it compares.
COPY --chown=bookbridge:bookbridge . .
RUN chown bookbridge:bookbridge /app
USER 10001:10001
# What `make test` does on any machine, then the tests of the proxy.
CMD ["sh", "-c", "make test && .venv/bin/python -m pytest -m proxy -n 0"]

# --- The program without its tests -------------------------------------------------------------------------------
FROM base AS program
COPY manage.py gunicorn.conf.py requirements.txt LICENSE ./
COPY bookbridge bookbridge
COPY accounts accounts
COPY clubs clubs
COPY reviews reviews
COPY stats stats
COPY locale locale
RUN find . -type d -name tests -prune -exec rm -rf {} + \
    && python -m compileall -q -j 0 .

# --- What runs ---------------------------------------------------------------------------------------------------
FROM base AS runtime
COPY --from=packages /app/.venv .venv
COPY --from=program /app ./
# All that is ever written: the static files, which `prepare` collects into a volume that takes its owner from here.
RUN install -d -o bookbridge -g bookbridge var var/static
ENV PATH=/app/.venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=bookbridge.settings.production \
    BIND=0.0.0.0:8000 \
    GLIBC_TUNABLES=glibc.malloc.hugetlb=1
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 CMD ["python", "-m", "bookbridge.alive"]
CMD ["python", "-m", "gunicorn"]
