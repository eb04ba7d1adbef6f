# Next Word: `make demo` and `make test` need git, Python 3.11 or later and make, and set up the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# What ruff looks at: in solutions/ notebooks, but of texts only those that are no notebook's.
CODE := . solutions/*/checks/*.py solutions/probes/*.py
TYPED := .mypy_cache/checks/course
BENCHMARKS := grading grading_parts starting cluster commands ngrams kenlm training temporal_order grammar similarity
export OMP_NUM_THREADS ?= 1
# Each start of pytest would compile the tests anew, each command the grader.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-short test-long test-slow test-attacks test-browser test-hub accessibility lint format sync release verify slides slides-pdf site bundle lock bench profile clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14

demo: $(VENV)/staff ## Release, simulate, grade and report a class of 24
	$(BIN)/autograder demo

# Side by side, and three tests at a time on two cores: mypy has one thread, and tests wait for
# sandboxes and for times to be over.
test: $(VENV)/dev ## Lint, types, and all tests but the long ones
	$(MAKE) --jobs=2 lint test-short

test-short: $(VENV)/dev ## All tests but the long ones
	$(BIN)/pytest -n 3 --dist loadfile -m "not long and not browser" --ignore=tests/attacks --ignore=tests/faults

# Side by side: attacks mostly wait for times to be over.
test-long: $(VENV)/dev ## The long tests, and the attack and fault suites
	$(MAKE) --jobs=2 test-slow test-attacks

# No doctest is long.
test-slow: $(VENV)/dev ## The long tests alone: notebooks, proofs for several exams, a term
	$(BIN)/pytest -n 3 --dist loadfile -m "long and not browser" --ignore=tests/attacks --ignore=tests/faults tests

test-attacks: $(VENV)/dev ## What hostile students try in both modes, and machines that fail in the middle of a run
	$(BIN)/pytest -n 2 --dist loadfile tests/attacks tests/faults

test-browser: $(VENV)/dev ## What students sent, all slides and the site, in Chromium (apt-get install chromium nodejs npm)
	$(BIN)/pytest -n 2 --dist loadfile -m browser tests/screens

accessibility: $(VENV)/dev ## Can everybody use the pages? axe looks at them, and a keyboard walks them
	$(BIN)/pytest -m browser tests/screens/test_site.py tests/screens/test_accessibility.py

test-hub: $(VENV)/hub tests/hub/node_modules ## A JupyterHub with the exchange, in Chromium (needs Node.js and npm as well)
	$(BIN)/pytest -m browser tests/hub

lint: $(VENV)/dev $(TYPED) ## Style and types
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/lint-imports
	$(BIN)/mypy

# To mypy the checks are what they are to the grader: a package `course` with one part an assignment.
.FORCE:
$(TYPED): .FORCE
	@mkdir -p $(TYPED) && ln -sfn $(CURDIR)/solutions/probes $(TYPED)/probes
	@for folder in solutions/[0-9]*; do ln -sfn $(CURDIR)/$$folder/checks $(TYPED)/$${folder#*_}; done

format: $(VENV)/dev ## Format code and notebooks, and bring pairs into step
	$(BIN)/ruff check --fix --quiet $(CODE) || true
	$(BIN)/ruff format $(CODE)
	$(BIN)/autograder sync

sync: $(VENV)/staff ## Bring notebooks and their texts into step
	$(BIN)/autograder sync

release: $(VENV)/staff ## Make assignments/ from solutions/
	$(BIN)/autograder release

verify: $(VENV)/staff ## Prove of every assignment that its grading is fair
	set -e; for folder in solutions/[0-9]*; do $(BIN)/autograder verify $$(basename $$folder); done

slides: $(VENV)/publish ## A deck of slides of each lecture into build/slides/ (needs Node.js: apt-get install nodejs npm)
	$(BIN)/python -m publishing slides

slides-pdf: $(VENV)/publish ## The same, and each deck as PDF (needs Chromium, too)
	$(BIN)/python -m publishing slides --pdf

site: $(VENV)/site ## The course as a site into build/site/html/ (needs Node.js, too)
	$(BIN)/python -m publishing site

bundle: $(VENV)/staff ## What students get, as a zip file: dist/next-word.zip
	$(BIN)/autograder bundle

lock: $(VENV)/dev ## Resolve all dependencies for every platform into constraints.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --upgrade \
	  --no-emit-index-url --no-emit-find-links --quiet \
	  --custom-compile-command "make lock" --output-file constraints.txt

bench: $(VENV)/bench ## Measure speed against peers, and write docs/performance.md anew
	set -e; for name in $(BENCHMARKS); do $(BIN)/python benchmarks/$$name.py --record; done
	$(BIN)/python benchmarks/page.py

profile: $(VENV)/dev ## Say where the processor time of a submission, a start and a proof goes: make profile NAME=01_counting
	$(BIN)/python benchmarks/profile_submission.py $(NAME)

clean: ## Remove the virtual environment and what was built; demo/ stays, and is made anew by the next demonstration
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp says that an extra is installed as constraints.txt has it.
$(VENV)/python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "Next Word needs Python 3.11 or later; there is no $(PYTHON) here. Try: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Next Word needs Python 3.11 or later; $(PYTHON) is older. Try: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Next Word makes a virtual environment, for which $(PYTHON) lacks its module venv or ensurepip. Debian, Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/staff: pyproject.toml constraints.txt | $(VENV)/python
	$(PIP_INSTALL) -e ".[staff]"
	@touch $@

$(VENV)/publish: pyproject.toml constraints.txt | $(VENV)/python
	$(PIP_INSTALL) -e ".[publish]"
	@touch $@ $(VENV)/staff

$(VENV)/site: pyproject.toml constraints.txt | $(VENV)/python
	$(PIP_INSTALL) -e ".[publish,site]"
	@touch $@ $(VENV)/staff $(VENV)/publish

$(VENV)/dev: pyproject.toml constraints.txt | $(VENV)/python
	$(PIP_INSTALL) -e ".[dev]"
	@touch $@ $(VENV)/staff $(VENV)/publish $(VENV)/site

$(VENV)/hub: pyproject.toml constraints.txt | $(VENV)/dev
	$(PIP_INSTALL) -e ".[hub]"
	@touch $@

tests/hub/node_modules: tests/hub/package.json tests/hub/package-lock.json
	npm ci --prefix tests/hub --no-audit --no-fund
	@touch $@

$(VENV)/bench: pyproject.toml constraints.txt | $(VENV)/dev
	$(PIP_INSTALL) -e ".[bench]"
	@touch $@
