# Everything sets itself up: Python with venv is all that is needed (npm for `clients`).
VENV := .venv
CLIENTS := @anthropic-ai/claude-code opencode-ai @openai/codex @qwen-code/qwen-code @mariozechner/pi-coding-agent
PY := $(VENV)/bin/python
JOBS := 4 # most tests wait for an agent to start

.PHONY: demo test lint types clients clients-latest bench completions docs clean

$(VENV)/ready: pyproject.toml
	python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(VENV)/ready ## a conversation that fails, and the same one through dsfix; no key, no agent
	$(VENV)/bin/dsfix demo

test: $(VENV)/ready ## all tests; those with real agents run when `make clients` has been run
	$(PY) -m pytest -n $(JOBS) --dist worksteal

lint: $(VENV)/ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/ready
	$(VENV)/bin/mypy

clients: ## the real agents, at exact versions, into clients/node_modules
	npm ci --prefix clients --no-progress

clients-latest: ## the newest real agents, to see what they changed; not for CI
	rm -rf clients/.latest && mkdir -p clients/.latest
	npm install --prefix clients/.latest --no-progress --no-save $(foreach name,$(CLIENTS),$(name)@latest)
	DSFIX_CLIENTS=clients/.latest/node_modules/.bin $(MAKE) test

bench: $(VENV)/ready ## start-up and time to first byte against a bare pass-through
	$(PY) -m benchmarks

completions: $(VENV)/ready
	$(PY) -m dsfix.cli.completions completions

docs: $(VENV)/ready
	$(PY) -m dsfix.cli.reference docs
	$(PY) -m tests.conformance docs

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
