# `make help` says what there is to make. All that is installed goes into .venv, node_modules and .tools of this folder;
# stamps inside them depend on the lock files, so that a second run installs nothing and a cut-off install is done again.

MAKEFLAGS += --no-builtin-rules --warn-undefined-variables
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?=

export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(CURDIR)/.tools/bin:$(PATH)
# Without it the cdk8s command asks the registry for a newer version of itself.
export CDK8S_CHECK_UPGRADE := false
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHON

PIP := .venv/bin/python -m pip
PIP_INSTALL := $(PIP) install --quiet --require-hashes --no-deps --requirement
LOCK := uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links

SYNTH_TOOLS := .tools/bin/kustomize .tools/bin/kubeconform
TEST_TOOLS := .tools/bin/promtool .tools/bin/glua

.PHONY: help
help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: synth
synth: setup-synth ## Write dist/ and argocd/ from the catalogue
	cdk8s synth

.PHONY: check
check: setup-synth ## Check all manifests, without a network
	chatdb check

.PHONY: lint
lint: setup-test ## Look for mistakes in the code
	ruff check .
	ruff format --check .
	mypy
	lint-imports

.PHONY: test
test: lint ## Lint, then run all tests
	pytest

.PHONY: doctor
doctor: .venv/.ready-project ## Say which tools are there, which are missing, and the mend
	chatdb doctor

.PHONY: locks
locks: .venv/.ready-test ## Take the newest versions that requirements/*.in allow into the lock files
	$(LOCK) --upgrade requirements/synth.in --output-file requirements/synth.lock
	$(LOCK) --upgrade requirements/test.in --output-file requirements/test.lock
	$(LOCK) --upgrade requirements/go.in --output-file requirements/go.lock
	npm install --package-lock-only --ignore-scripts

.PHONY: clean
clean: ## Remove all that make installed and all caches
	@# Go's module cache is read-only on the disk.
	if [ -d .tools ]; then chmod -R u+w .tools; fi
	rm -rf .venv node_modules .tools .cdk8s .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: setup-synth
setup-synth: .venv/.ready-project node_modules/.ready .tools/schemas/.ready $(SYNTH_TOOLS) ## Install what synth and check need

.PHONY: setup-test
setup-test: setup-synth .venv/.ready-test $(TEST_TOOLS) ## Install what the tests need

.venv/.ready-synth: requirements/synth.lock tools/venv.sh
	tools/venv.sh .venv
	$(PIP_INSTALL) $<
	@touch $@

.venv/.ready-project: pyproject.toml .venv/.ready-synth
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.ready-test: requirements/test.lock .venv/.ready-synth
	$(PIP_INSTALL) $<
	@touch $@

# npm empties node_modules first, and the stamp with it.
node_modules/.ready: package-lock.json package.json .npmrc .venv/.ready-synth
	npm ci --ignore-scripts
	@touch $@

.tools/bin/%: tools/go/%/go.mod tools/go/%/go.sum requirements/go.lock .venv/.ready-synth
	python tools/gotools.py build $*

.tools/schemas/.ready: tools/schemas.py tools/gotools.py tools/go/schemas/go.mod tools/go/schemas/go.sum requirements/synth.lock requirements/go.lock .venv/.ready-synth
	python tools/schemas.py
