# Two commands, each complete in itself on a fresh machine: `make report` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help report test
help:
	@echo "make report   set up .venv, make every report that is not up to date, say where they are"
	@echo "make test     set up .venv, run every check: style, tests, examples, notebooks"
	@echo "Another Python: make report PYTHON=python3.13"

report: .venv/.reports-ready
	$(BIN)/acctlib run

test: .venv/.tests-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q -n auto --dist loadfile
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	$(BIN)/python -m pytest -q -p no:cacheprovider --nbval-lax notebooks

# A stamp stands for "installed from these two files": an interrupted set-up leaves none and is done again.
.venv/.reports-ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Python must be 3.11 or newer, got {v.major}.{v.minor}; write for example: make report PYTHON=python3.13")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python must be able to make environments, got one without ensurepip; install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

.venv/.tests-ready: .venv/.reports-ready
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[lab,test]'
	@touch $@
