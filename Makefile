# Every target sets up what it needs in .venv; `make help` lists the targets.
#
# One stamp per set of extras stands in .venv, newer than pyproject.toml while the set is
# installed, so that a second run starts at once.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
EXAMPLES := $(sort $(wildcard examples/*.py))
BENCHMARKS := quality search stability memory texts verbose family hamming outliers

# An activated environment must neither help nor hinder.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME CONDA_PREFIX

# The first interpreter on the path that is new enough and can make an environment. The one in
# .venv is passed over, should it be activated: it may be about to be replaced.
define find_python
for folder in $$(printf '%s' "$$PATH" | tr ':' ' '); do \
  if [ "$$folder" -ef "$(VENV)/bin" ]; then continue; fi; \
  for name in python3 python3.14 python3.13 python3.12 python3.11; do \
    if [ -x "$$folder/$$name" ] && "$$folder/$$name" -c \
      'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
      echo "$$folder/$$name"; exit 0; \
    fi; \
  done; \
done
endef

# A copied, moved or broken .venv is made anew.
ifneq ($(shell cat $(VENV)/.root 2>/dev/null && $(PY) -c 0 2>/dev/null || echo broken),$(CURDIR))
.PHONY: $(VENV)/.root
endif

$(VENV)/.root:
	@python="$$($(find_python))"; \
	if [ -z "$$python" ]; then \
	  echo "skae needs Python 3.11 or newer with venv and pip: none was found on PATH" \
	    "(on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; \
	fi; \
	rm -rf $(VENV); \
	"$$python" -m venv $(VENV)
	@printf '%s\n' "$(CURDIR)" > $@

# $(1): extras. $(2): stamps of the sets of extras that lie within them.
define install
	@echo "Setting up $(VENV) for skae[$(1)] (once; takes a minute or two) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[$(1)]'
	@touch $(2) $@
endef

$(VENV)/.plot: $(VENV)/.root pyproject.toml
	$(call install,plot,)

$(VENV)/.test: $(VENV)/.root pyproject.toml
	$(call install,test,$(VENV)/.plot)

$(VENV)/.docs: $(VENV)/.root pyproject.toml
	$(call install,docs,$(VENV)/.plot)

$(VENV)/.dev: $(VENV)/.root pyproject.toml
	$(call install,dev,$(VENV)/.plot $(VENV)/.test)

# scikit-learn skips its array API checks unless this is set before SciPy is imported.
test test-rest test-all test-floors test-newest stress doctest: export SCIPY_ARRAY_API := 1

.PHONY: help demo test test-rest test-all test-floors test-newest stress doctest examples docs browse bench bench-speed \
  dev lint format typecheck build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.plot ## PCA against an autoencoder on scikit-learn's digits
	@$(PY) examples/quickstart.py

# One process a core; tests/scheduling.py says which tests stay together, since compiling is most of the
# time. The processes, the interpreters that tests start and later runs share a compilation cache, whose
# entries are removed after a week.
PYTEST := -m pytest -n auto
COMPILED := $(CURDIR)/.pytest_cache/jax
test test-rest test-all: export JAX_COMPILATION_CACHE_DIR := $(COMPILED)
test test-rest test-all: export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS := 0
test test-rest test-all: export JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES := -1

.PHONY: outdated
outdated:
	@find "$(COMPILED)" -type f -mtime +7 -delete 2>/dev/null || true

test: $(VENV)/.test outdated ## the tests that guard every promise (four minutes on two cores)
	@$(PY) $(PYTEST) -m "not stress and not thorough"

test-rest: $(VENV)/.test outdated ## what `make test` leaves out, apart from `make stress`
	@$(PY) $(PYTEST) -m "thorough and not stress"

test-all: $(VENV)/.test outdated ## all tests but `make stress`
	@$(PY) $(PYTEST)

# The oldest releases that pyproject.toml allows, and the newest there are, each in an environment of
# its own, which is made anew when pyproject.toml changes. $(1): folder. $(2): interpreters, best first.
# $(3): requirements beside the test extra.
define other_environment
	@for name in $(2); do \
	  if "$$name" -c 'import ensurepip, venv' 2>/dev/null; then python="$$name"; break; fi; \
	done; \
	echo "Setting up $(1) on $$("$${python:?found none of $(2)}" --version) ..."; \
	rm -rf $(1); "$$python" -m venv $(1)
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade \
	  --upgrade-strategy eager --editable '.[test]' $(3)
	@touch $(1)/.done
endef

.venv-floors/.done: pyproject.toml tests/floors.py
	$(call other_environment,.venv-floors,python3.11 python3.12,$$(.venv-floors/bin/python tests/floors.py))

.venv-newest/.done: pyproject.toml
	$(call other_environment,.venv-newest,python3.14 python3.13 python3.12 python3)

test-floors: .venv-floors/.done ## the tests on the oldest releases that pyproject.toml allows
	@.venv-floors/bin/python $(PYTEST) $(TESTS)

test-newest: .venv-newest/.done ## the tests on the newest releases there are
	@.venv-newest/bin/python $(PYTEST) $(TESTS)

stress: $(VENV)/.test ## the long tests: hundreds of fits, kills, fuzzing
	@$(PY) -m pytest -m stress

doctest: $(VENV)/.test ## the examples in the docstrings and those with prompts in the guide
	@$(PY) -m pytest --doctest-modules --doctest-glob="*.md" skae docs/guide

examples: $(VENV)/.plot ## every script in examples/
	@for script in $(EXAMPLES); do echo "--- $$script"; $(PY) "$$script"; done

docs: $(VENV)/.docs ## the documentation, in docs/_build/html; runs every example that has changed
	@$(PY) -m sphinx --fail-on-warning --keep-going -b html docs docs/_build/html

browse: docs ## every built page in a headless Chromium, where one is installed
	@$(PY) docs/check_in_browser.py docs/_build/html

# The peers that speed.py runs beside skae, in an environment of their own.
.venv-bench/.done: pyproject.toml benchmarks/peers/requirements.txt
	$(call other_environment,.venv-bench,python3.13 python3.12 python3.11 python3,--requirement benchmarks/peers/requirements.txt)

bench: $(VENV)/.test .venv-bench/.done ## every benchmark, one line per target (long)
	@status=0; for name in $(BENCHMARKS); do \
	  echo "--- benchmarks/$$name.py"; $(PY) "benchmarks/$$name.py" || status=1; \
	done; $(MAKE) --no-print-directory bench-speed || status=1; exit $$status

bench-speed: .venv-bench/.done ## speed beside every peer; PARTS="epoch fresh" for a part
	@.venv-bench/bin/python benchmarks/speed.py $(PARTS)

dev: $(VENV)/.dev ## everything a contributor needs, in .venv

lint: $(VENV)/.dev ## the linter and the formatter's check
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .

format: $(VENV)/.dev ## format the code and fix what the linter can
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

typecheck: $(VENV)/.dev ## the type checker
	@$(PY) -m mypy

build: $(VENV)/.dev ## the wheel, in dist/
	@rm -rf dist
	@$(PY) -m build --wheel --outdir dist .

clean: ## remove the environment and everything that was built
	@rm -rf $(VENV) .venv-floors .venv-newest .venv-bench dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis examples/output
	@rm -rf docs/_build docs/auto_examples docs/api/backreferences docs/api/skae.*.rst docs/sg_execution_times.rst
	@find skae tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
