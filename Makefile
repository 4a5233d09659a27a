# Everything sets itself up: Python with venv is all that is needed (npm for `clients`).
VENV := .venv
CLIENTS := @anthropic-ai/claude-code opencode-ai @openai/codex @qwen-code/qwen-code @mariozechner/pi-coding-agent
PYTHON_CLIENTS := aider hermes
PY := $(VENV)/bin/python
JOBS := 4 # most tests wait for an agent to start

.PHONY: demo lock test fuzz lint types clients clients-npm clients-python clients-latest bench soak sessions completions docs clean

PIP := $(PY) -m pip --quiet --disable-pip-version-check
LOCK := requirements-dev.txt

$(VENV)/ready: pyproject.toml $(LOCK)
	python3 -m venv $(VENV)
	$(PIP) install --require-hashes --requirement $(LOCK)
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(PIP) check
	touch $@

lock: ## newer versions into requirements-dev.txt, with every file's hash, for every platform
	python3 -m venv $(VENV)
	$(PIP) install uv
	UV_CUSTOM_COMPILE_COMMAND='make lock' $(VENV)/bin/uv pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-annotate --extra dev --output-file $(LOCK) pyproject.toml

demo: $(VENV)/ready ## a conversation that fails, and the same one through dsfix; no key, no agent
	$(VENV)/bin/dsfix demo

test: $(VENV)/ready ## all tests; those with real agents run when `make clients` has been run
	$(PY) -m pytest -n $(JOBS) --dist worksteal

fuzz: EXAMPLES ?= 2000
fuzz: $(VENV)/ready ## the same inputs in thousands, new ones each time; EXAMPLES=20000 for a night
	DSFIX_EXAMPLES=$(EXAMPLES) $(PY) -m pytest tests/fuzz -n $(JOBS) --dist worksteal
	-$(PIP) install atheris # where it has a wheel or builds
	$(PY) -m tests.fuzz.guided $(EXAMPLES)

lint: $(VENV)/ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/ready
	$(VENV)/bin/mypy

clients: clients-npm clients-python ## all that the tests run, at exact versions; `make -j` helps

clients-npm: ## the real agents, the relays and the browser
	for folder in clients clients/relays clients/browser; do \
	  npm ci --prefix $$folder --no-progress || exit 1; done

clients-python: $(PYTHON_CLIENTS:%=clients/python/%/ready) ## aider and Hermes Agent, each in a venv of its own

clients/python/%/ready: clients/%.txt
	rm -rf $(@D) && python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

clients-latest: ## the newest real agents, to see what they changed; not for CI
	rm -rf clients/.latest && mkdir -p clients/.latest
	npm install --prefix clients/.latest --no-progress --no-save $(foreach name,$(CLIENTS),$(name)@latest)
	DSFIX_CLIENTS=clients/.latest/node_modules/.bin $(MAKE) test

bench: $(VENV)/ready ## what dsfix costs, into docs/benchmarks.md; PEERS=1 measures other proxies too
	$(PY) -m benchmarks --keep $(if $(PEERS),--peers)

soak: $(VENV)/ready ## hours of use in bad weather, compressed; MINUTES=60 for a long one
	$(PY) -m tests.soak $(or $(MINUTES),6)

sessions: $(VENV)/ready ## sessions of agents that do what agents do to histories; SEED=1 COUNT=1000 for others
	$(PY) -m tests.sessions $(or $(SEED),$$(date +%s)) $(or $(COUNT),300)

completions: $(VENV)/ready
	$(PY) -m dsfix.cli.completions completions

docs: $(VENV)/ready
	$(PY) -m dsfix.cli.reference docs
	$(PY) -m tests.conformance docs
	$(PY) -m tests.faults docs
	$(PY) -m tests.documents docs
	$(PY) -m benchmarks.page docs

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
