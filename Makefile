PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/installed

.PHONY: demo test coverage format pictures pages zoo peers bench clean

demo: $(INSTALLED)  ## print docs/demo.md: both packages beside scikit-learn
	$(VENV)/bin/python -m conformance demo

test: $(INSTALLED)  ## lint, types and every test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest -n 2 --dist loadgroup  # processes of one thread each: tests/conftest.py

coverage: $(INSTALLED)  ## lines that no test runs; ARGS=tests/test_reference.py runs a part of them
	$(VENV)/bin/coverage run -m pytest $(ARGS)
	$(VENV)/bin/coverage combine --quiet
	$(VENV)/bin/coverage report

format: $(INSTALLED)  ## fix lint and format the code
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

pictures: $(INSTALLED)  ## redraw the pictures of the examples
	mkdir -p examples/pictures
	for example in $$(grep -l -- --plot examples/*.py); do \
		$(VENV)/bin/python $$example --plot examples/pictures/$$(basename $$example .py).png || exit 1; \
	done

pages: $(INSTALLED)  ## rewrite the pages that are made of code: questions and bugs to spot
	$(VENV)/bin/python -m conformance.course.questions --write
	$(VENV)/bin/python -m conformance.zoo.spot_the_bug --write

zoo: $(INSTALLED)  ## test every mutant against every claim; rewrite the zoo's pins, table and picture
	$(VENV)/bin/python -m conformance zoo --write

peers: $(INSTALLED)  ## test every claim on the peers that are installed; rewrite docs/peers.md and docs/surprises.md
	$(VENV)/bin/python -m conformance compare reference accelerated sklearn faiss torch-cdist \
		sklearnex usearch hnswlib pykdtree tslearn river --write docs/peers.md
	$(VENV)/bin/python -m conformance.surprises --write

bench: $(INSTALLED)  ## time accelerated and its peers on an idle machine; rewrite results, tables and picture
	$(VENV)/bin/python -m benchmarks.run
	$(VENV)/bin/python -m benchmarks.scaling
	$(VENV)/bin/python -m benchmarks.busy
	$(VENV)/bin/python -m benchmarks.similarity
	$(VENV)/bin/python -m benchmarks.drop_in
	$(VENV)/bin/python -m benchmarks.ground_truth
	$(VENV)/bin/python -m benchmarks.scale

clean:
	rm -rf $(VENV)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
