# Works on a machine that has only Python (3.11 or newer) with pip, and make: everything else is set
# up inside this folder, from locked and hashed requirements.

PYTHON ?= $(shell command -v python3 || command -v python)
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
UV = .tools/bin/uv
BIN = .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types format bench lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/.ready ## set up, then run a whole arena without a key or a network
	@$(BIN)/palestra demo $(ARGS)

test: .venv/.ready ## set up, then run the tests
	$(BIN)/pytest -n 2 $(ARGS)

check: lint types test ## all that CI runs

lint: .venv/.ready ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.ready ## strict types
	$(BIN)/mypy

format: .venv/.ready ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.ready ## print every benchmark's table
	$(BIN)/python -m benchmarks

lock: $(UV) ## resolve the requirements anew
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --python-version 3.11 --all-extras --group dev \
	  pyproject.toml -o requirements/dev.txt

clean: ## remove everything that was set up
	rm -rf .venv .tools .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(UV): requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, as python3 on the PATH"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V)"; exit 1; }
	@echo "Setting up uv in .tools …"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input --upgrade \
	  --target .tools --require-hashes -r requirements/uv.txt
	@touch $(UV)

.venv/.ready: $(UV) pyproject.toml requirements/dev.txt
	@echo "Setting up the environment in .venv …"
	@test -x $(BIN)/python || $(UV) venv --quiet --no-project --python "$(PYTHON)" .venv
	@$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch .venv/.ready
