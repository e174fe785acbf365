# The two commands: `make run` does the daily job on generated data, `make test` runs the tests; `make test_all` also those
# that are slow by nature.
# Both make .venv from the locked dependencies first. Python 3.11 to 3.13 is required: make run PYTHON=python3.12

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(if $(shell $(name) -c 'import sys; print(sys.version_info[:2] in {(3, 11), (3, 12), (3, 13)} or "")' 2>/dev/null),$(name))))
BIN := .venv/bin
# Compiled modules are kept, whatever the surroundings say: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

.PHONY: run test test_all matrix dist drill drill_kill drill_database drill_two_at_once drill_readers endurance lint bench benchmark lock clean

run: .venv/run
	$(BIN)/daycast run --sample prices etth1

# Processes side by side: of what is quick three keep two cores busy, and a fourth would read it all once more; of what is slow
# much waits. Some 5 and 7 GiB of memory.
QUICK := --numprocesses 3 --dist loadgroup
ALL := --numprocesses 5 --dist loadgroup

test: .venv/dev
	$(BIN)/python -m pytest $(QUICK) -m "not slow and not real_data"

# With what is slow by nature: real data, PostgreSQL's twins, kills, schedules by the minute, trainings. CI runs this.
test_all: .venv/dev
	$(BIN)/python -m pytest $(ALL)

# The fast tests by each Python that is installed, 3.11 to 3.13, in environments of their own under .matrix: gigabytes, and
# minutes each. make matrix TESTS="tests/storage -q"
matrix:
	@$(PYTHON) tests/matrix.py $(TESTS)

# A wheel and an sdist in dist/, by the build tools that are locked. tests/test_dist.py tries them in fresh environments.
dist: .venv/dev
	$(BIN)/python -m build --no-isolation --outdir dist

# What takes too long for the tests: kills, outages, two runs at once, readers. docs/reliability.md has the figures. Three of
# them at a time, as they wait much of it; each tells what it saw when it is done.
DRILLS := kill two_at_once database readers stops
drill: .venv/dev
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=target $(DRILLS:%=drill_%)

$(DRILLS:%=drill_%): .venv/dev
	$(BIN)/python -m tests.drills.$@

# 250 daily runs in a row: some 25 minutes. What each cost is drawn in endurance.svg.
endurance: .venv/dev
	$(BIN)/python tests/drills/drill_endurance.py --days 250 --csv endurance.csv --plot endurance.svg

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/dev
	$(BIN)/python tests/bench/bench_windows.py
	$(BIN)/python tests/bench/bench_upsert.py
	$(BIN)/python -m tests.bench.bench_views
	$(BIN)/python -m tests.bench.bench_run
	$(BIN)/python -m tests.bench.bench_schedule
	$(BIN)/python tests/bench/bench_backfill.py

# ETTh1 by the field's protocol: hours. What is done is not done again. make benchmark DATA=path/to/ETTh1.csv
benchmark: .venv/run
	$(BIN)/daycast benchmark etth1 $(if $(DATA),--data $(DATA))

# The locks are whole, so that pip is asked to resolve nothing.
# Locks every dependency with its hashes, for Python 3.11 to 3.13, naming no index. Needs uv.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --upgrade pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --upgrade pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is required, and none was found. Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements.lock pyproject.toml
	@echo "Installing the locked dependencies (TensorFlow is large; this takes a minute or two) ..."
	@$(PIP) --no-deps --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@echo "Preparing Prefect's own database ..."
	@PREFECT_SERVER_ANALYTICS_ENABLED=false $(BIN)/prefect server database upgrade --yes >/dev/null
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	@echo "Installing what the tests need ..."
	@$(PIP) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf .venv .matrix build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
