PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/installed

.PHONY: demo test format pictures zoo peers bench clean

demo: $(INSTALLED)  ## compare reference, accelerated and scikit-learn on real data
	$(VENV)/bin/python -m conformance demo

test: $(INSTALLED)  ## lint, types, tests
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest

format: $(INSTALLED)  ## put the code into its format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

pictures: $(INSTALLED)  ## draw the pictures of the examples anew
	mkdir -p examples/pictures
	for example in $$(grep -l -- --plot examples/*.py); do \
		$(VENV)/bin/python $$example --plot examples/pictures/$$(basename $$example .py).png || exit 1; \
	done

zoo: $(INSTALLED)  ## try every mutant on every claim; write the pins, the table and the picture of the zoo anew
	$(VENV)/bin/python -m conformance zoo --write

peers: $(INSTALLED)  ## try every claim on the peers, and write the table of what they do otherwise
	$(VENV)/bin/python -m conformance compare reference accelerated sklearn faiss torch-cdist --write docs/peers.md

bench: $(INSTALLED)  ## compare the times of accelerated and its peers, write results, table and picture anew
	$(VENV)/bin/python -m benchmarks.run
	$(VENV)/bin/python -m benchmarks.scaling

clean:
	rm -rf $(VENV)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
