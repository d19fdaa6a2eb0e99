# Works on a machine that has only Python (3.11 or newer) with pip, and make: everything else is set
# up inside this folder, from locked and hashed requirements.

PYTHON ?= $(shell command -v python3 || command -v python)
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
UV = .tools/bin/uv
BIN = .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo serve frontend test check lint types format bench bench-ranking bench-web lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: .venv/.ready ## set up, then run a whole arena without a key or a network
	@$(BIN)/palestra demo $(ARGS)

serve: .venv/.ready ## set up, then open the web arena; make serve ARGS="arena.yaml --port 8080"
	@$(BIN)/palestra serve $(ARGS)

frontend: ## check, test and build the web pages anew (needs Node.js 20.19 or newer)
	cd frontend && npm ci --no-audit --no-fund && npm run check && npm test && npm run build

test: .venv/.ready ## set up, then run the tests
	$(BIN)/pytest -n 3 --dist worksteal $(ARGS)

check: lint types test ## all that CI runs

lint: .venv/.ready ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.ready ## strict types
	$(BIN)/mypy -n 2

format: .venv/.ready ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.ready ## print the benchmarks' tables, but for the next two
	$(BIN)/python -m benchmarks

bench-ranking: .venv-peers/.ready ## set up the peers beside, then hold the ranking against them
	@.venv-peers/bin/python -m benchmarks.ranking $(ARGS)

bench-web: .venv/.ready .venv-peers-web/.ready ## set up Gradio beside, then put both arenas under load
	@$(BIN)/python -m benchmarks.web --gradio .venv-peers-web/bin/python $(ARGS)

lock: $(UV) ## resolve the requirements anew
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --python-version 3.11 --all-extras --group dev \
	  pyproject.toml -o requirements/dev.txt
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --python-version 3.11 \
	  requirements/peers.in -o requirements/peers.txt
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --python-version 3.11 \
	  requirements/peers-web.in -o requirements/peers-web.txt

clean: ## remove everything that was set up
	rm -rf .venv .venv-peers .venv-peers-web .tools .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis

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

.venv-peers/.ready: $(UV) pyproject.toml requirements/peers.txt
	@echo "Setting up the peers' environment in .venv-peers …"
	@test -x .venv-peers/bin/python || $(UV) venv --quiet --no-project --python "$(PYTHON)" .venv-peers
	@$(UV) pip sync --quiet --compile-bytecode --python .venv-peers/bin/python --require-hashes \
	  requirements/peers.txt
	@$(UV) pip install --quiet --python .venv-peers/bin/python --no-deps --no-build-isolation --editable .
	@touch .venv-peers/.ready

.venv-peers-web/.ready: $(UV) requirements/peers-web.txt
	@echo "Setting up Gradio's environment in .venv-peers-web …"
	@test -x .venv-peers-web/bin/python || $(UV) venv --quiet --no-project --python "$(PYTHON)" .venv-peers-web
	@$(UV) pip sync --quiet --compile-bytecode --python .venv-peers-web/bin/python --require-hashes \
	  requirements/peers-web.txt
	@touch .venv-peers-web/.ready
