# BookBridge. `make run` sets everything up and serves; `make help` lists the rest.
# DATABASE_URL, REDIS_URL and every other variable of .env.example may be given: make run BIND=127.0.0.1:8123

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv/bin
MANAGE := $(VENV)/python manage.py
# Checks use the settings of the tests, so that no .env changes their result.
CHECK := DJANGO_SETTINGS_MODULE=bookbridge.settings.test $(MANAGE)
PYTEST := $(VENV)/python -m pytest
COMPOSE ?= docker compose
# Parallel test processes; each has a database of its own.
WORKERS ?= auto
# Of `make bench-long`.
MINUTES ?= 30
PACKAGES := bookbridge accounts clubs reviews stats
LOCALE := pt_BR

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- Running -----------------------------------------------------------------------------------------------------

.PHONY: run
run: bootstrap ## Set up whatever is missing and serve at 127.0.0.1:8000 (BIND=host:port for elsewhere, SERVER=granian for the faster server)
	@$(MANAGE) prepare --serve
	@exec $(VENV)/python -m bookbridge.running

.PHONY: setup
setup: bootstrap ## Set up without serving: packages, .env, database, demo
	@$(MANAGE) prepare

.PHONY: superuser
superuser: bootstrap ## Make an administrator's account
	@$(MANAGE) createsuperuser

.PHONY: up down
up: ## Build and start the containers: tests first, then the API behind nginx at 127.0.0.1:8080 (needs Docker Compose)
	@$(COMPOSE) version >/dev/null 2>&1 || { echo "Docker with Compose is missing: https://docs.docker.com/engine/install/" >&2; exit 1; }
	@$(PYTHON) -m bookbridge.bootstrap --env
	@$(COMPOSE) up --build --detach --remove-orphans || { echo "It did not start: \`$(COMPOSE) logs tests prepare api\` says why." >&2; exit 1; }
	@echo "BookBridge at http://$${LISTEN:-127.0.0.1:8080}/api/docs/ (make down stops it)"

down: ## Stop and remove the containers; the database and .env stay
	@$(COMPOSE) down --remove-orphans

.PHONY: bootstrap bootstrap-dev
bootstrap:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -m bookbridge.bootstrap
bootstrap-dev:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -m bookbridge.bootstrap --dev

# --- Checking ----------------------------------------------------------------------------------------------------

.PHONY: test
test: lint types schema-check migrations-check tests ## Set up and check everything: lint, types, schema, migrations, tests with coverage

.PHONY: tests
tests: bootstrap-dev ## The tests alone, with branch coverage (ARGS="accounts -k token" for some of them)
	@$(PYTEST) -n $(WORKERS) --maxprocesses=4 $(if $(ARGS),$(ARGS),--cov --cov-report=term-missing:skip-covered)

.PHONY: lint
lint: bootstrap-dev ## Style and common faults (ruff)
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check --quiet . || { echo "Not formatted: run \`make format\`." >&2; exit 1; }

.PHONY: format
format: bootstrap-dev ## Format the code and repair what can be repaired
	@$(VENV)/ruff check --fix --quiet . || true
	@$(VENV)/ruff format .

.PHONY: types
types: bootstrap-dev ## Types (mypy)
	@DJANGO_SETTINGS_MODULE=bookbridge.settings.test $(VENV)/mypy

.PHONY: schema
schema: bootstrap-dev ## Write docs/openapi.yaml anew from the code
	@mkdir -p docs
	@$(CHECK) spectacular --format openapi --file docs/openapi.yaml --validate --fail-on-warn

.PHONY: schema-check
schema-check: bootstrap-dev ## The committed schema is the one of the code
	@$(CHECK) spectacular --format openapi --file var/openapi.yaml --validate --fail-on-warn
	@diff -u docs/openapi.yaml var/openapi.yaml || { echo "The schema changed: run \`make schema\` and commit docs/openapi.yaml." >&2; exit 1; }

.PHONY: migrations-check
migrations-check: bootstrap-dev ## No model change without its migration
	@$(CHECK) makemigrations --check --dry-run

.PHONY: check-long
check-long: bootstrap-dev ## What takes long: the tests marked slow, and many more generated cases
	@HYPOTHESIS_PROFILE=long $(PYTEST) -m slow -n $(WORKERS) --maxprocesses=4

.PHONY: bench bench-growth bench-long bench-profile bench-report bench-bootstrap
bench-bootstrap:
	@$(PYTHON) -m bookbridge.bootstrap --granian
	@command -v wrk >/dev/null && command -v taskset >/dev/null || { echo "wrk or taskset is missing: sudo apt-get install wrk util-linux" >&2; exit 1; }
bench: bench-bootstrap ## Speed beside FastAPI, Flask and a bare function (ARGS="--quick", --rounds N, --only club-detail,..., --servers gunicorn,granian)
	@$(VENV)/python -m benchmarks table $(ARGS)
bench-growth: bench-bootstrap ## Cost of each request at 10,000, 100,000 and 1,000,000 reviews (ARGS="--long": 5,000,000 too)
	@$(VENV)/python -m benchmarks growth $(ARGS)
bench-long: bench-bootstrap ## Reads and writes at 70 % of the most for MINUTES=30; fails on any 5xx
	@$(VENV)/python -m benchmarks mixed --minutes $(MINUTES) $(ARGS)
bench-profile: bench-bootstrap ## Where the time of a request goes, by layer
	@$(VENV)/python -m benchmarks profile $(ARGS)
bench-report: ## Write docs/performance.md and its pictures from docs/performance/results.json (ARGS="--take": from var/bench first)
	@$(VENV)/python -m benchmarks report $(ARGS)

.PHONY: browser-check
browser-check: ## Admin and documents in a real browser (needs Chromium)
	@command -v chromium >/dev/null || { echo "Chromium is missing: sudo apt-get install chromium" >&2; exit 1; }
	@$(PYTHON) -m bookbridge.bootstrap --dev --browser
	@$(PYTEST) -m browser

# --- Keeping up --------------------------------------------------------------------------------------------------

.PHONY: postman
postman: bootstrap-dev ## Write docs/postman.json anew from the schema
	@$(CHECK) export_postman --file docs/postman.json

.PHONY: queries
queries: bootstrap-dev ## Write docs/queries.md anew: the statements of every list and detail
	@WRITE_QUERIES=1 $(VENV)/python -m pytest -q -n 0 bookbridge/tests/queries

.PHONY: messages
messages: bootstrap-dev ## Collect the texts to translate, and compile the translations
	@mkdir -p var locale
	@PYTHONPATH=locale $(VENV)/pybabel --quiet extract --mapping=locale/babel.cfg --no-location --sort-output --project=BookBridge --copyright-holder="BookBridge contributors" \
		-k gettext_noop -k gettext_lazy -k ngettext_lazy:1,2 -k pgettext_lazy:1c,2 -k npgettext_lazy:1c,2,3 \
		--ignore-dirs="tests migrations" -o var/django.pot $(PACKAGES) locale
	@test -f locale/$(LOCALE)/LC_MESSAGES/django.po || $(VENV)/pybabel --quiet init -i var/django.pot -d locale -D django -l $(LOCALE)
	@$(VENV)/pybabel --quiet update -i var/django.pot -d locale -D django --no-fuzzy-matching --ignore-pot-creation-date
	@$(VENV)/pybabel compile -d locale -D django --statistics

.PHONY: lock
lock: ## Renew the lock files from the .in files (UPGRADE=1 for the newest versions)
	@test -x var/lock/bin/uv || { $(PYTHON) -m venv var/lock && var/lock/bin/python -m pip install --quiet uv; }
	@for name in requirements requirements-dev requirements-browser requirements-granian benchmarks/requirements; do \
		env -u UV_INDEX -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS var/lock/bin/uv pip compile \
			--quiet --no-config --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
			--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) $$name.in --output-file $$name.txt; \
	done
	@git --no-pager diff --stat -- 'requirements*.txt' benchmarks/requirements.txt || true

.PHONY: clean
clean: ## Remove what was installed, generated and built, containers too; databases, .env and logs stay
	@if [ -f .env ] && $(COMPOSE) version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then \
		$(COMPOSE) down --remove-orphans; docker image rm --force bookbridge:local bookbridge-tests:local; \
	fi || true
	@rm -rf .venv var/static var/static.sha256 var/lock var/bench/venv var/openapi.yaml var/django.pot
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	@find $(PACKAGES) benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
