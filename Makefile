# One verb per need, the same here and in CI. Each sets up what is missing first.
# Pass options on with ARGS, for example: make demo ARGS="--once --json"
.POSIX:
.SUFFIXES:
MAKEFLAGS += --no-print-directory
PYTHON = .venv/bin/python
ARGS =

.PHONY: help demo up test prove chaos nightly check fix bench lock setup clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

demo: ## the main job, on a sandbox of both sides
	@./tieline demo $(ARGS)

up: ## the hub, until it is stopped
	@./tieline up $(ARGS)

test: ## all tests but the long ones
	@tools/setup.sh dev
	@$(PYTHON) -m pytest -n auto --dist worksteal --durations 15 -m "not nightly" $(ARGS)

prove: ## what the catalogue shows as proved, and its pages, after a change of an operation or trigger
	@tools/setup.sh dev
	@TIELINE_PROVE=1 $(PYTHON) -m pytest -n auto --dist worksteal tests/conformance
	@./tieline catalogue docs

chaos: ## everything that can break is broken, seeds 1 to 20; writes docs/chaos.html
	@tools/setup.sh dev
	@./tieline chaos --seed 1 --to 20 --minutes 2 --report docs/chaos.html $(ARGS)

nightly: ## the long tests
	@tools/setup.sh dev
	@$(PYTHON) -m pytest -n auto --dist worksteal --durations 15 -m nightly $(ARGS)

check: ## lint, format, types, import rules, licences, known weaknesses
	@tools/setup.sh dev
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports
	@$(PYTHON) tools/licences.py
	@$(PYTHON) tools/scan.py
	@$(PYTHON) tools/audit.py $(ARGS)

fix: ## what the linter and the formatter can mend by themselves
	@tools/setup.sh dev
	@$(PYTHON) -m ruff check --fix
	@$(PYTHON) -m ruff format

bench: ## events a second, beside a relay without durability
	@tools/setup.sh dev
	@$(PYTHON) -m bench $(ARGS)

lock: ## the locks, from pyproject.toml; ARGS=--upgrade takes newer releases
	@tools/setup.sh dev
	@tools/lock.sh $(ARGS)

setup: ## the environment, and nothing else
	@tools/setup.sh dev

clean: ## remove the environment and all caches
	@rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
