# Every target does its own set-up and a second run skips it. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help dev demo test lint bench lock
ARGS =

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

dev: ## make .venv with everything locked; leaves .venv/bin/comity
	@scripts/setup.sh

demo: dev ## three States on this machine; ARGS="--once" walks one request through and ends
	@.venv/bin/comity demo $(ARGS)

test: export LD_LIBRARY_PATH := $(LD_LIBRARY_PATH)$(if $(LD_LIBRARY_PATH),:)$(CURDIR)/.cache/lib
test: dev ## run the tests, those in a browser too; ARGS="-k seal" chooses
	@COMITY_CHROMIUM="$$(scripts/chromium.sh)" && export COMITY_CHROMIUM && .venv/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: dev ## check style, formatting and types
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@PYTHONPATH=scripts .venv/bin/mypy

# Campaigns run for hours and can be taken up again: each is started by itself, with --state FILE.
CAMPAIGNS = bench/clocks.py bench/crash.py bench/mutate_law.py bench/recall.py bench/simulate.py bench/two_years.py

bench: dev ## measure every claim of speed; ARGS="bench/law.py" chooses
	@for claim in $(or $(ARGS),$(sort $(filter-out $(CAMPAIGNS),$(wildcard bench/[a-z]*.py)))); do echo "== $$claim"; .venv/bin/python "$$claim" || exit; done

lock: dev ## resolve pyproject.toml anew into the two lock files
	@scripts/lock.sh
	@scripts/setup.sh
