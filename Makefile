# `make demo` and `make test` set up .venv and run; the other targets are for contributors.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
DOCS := .venv/.installed-docs

.PHONY: demo test test-slow lint format quality survey docs reference notebook clean

$(STAMP): pyproject.toml setup.py constraints.txt $(wildcard validate/kernels/*.c validate/kernels/*.h)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[validate,cluster,dev]'
	@touch $(STAMP)

$(DOCS): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $(DOCS)

demo: $(STAMP)
	$(BIN)/secateur demo --format table

test: lint
	$(BIN)/python -m pytest -m 'not slow' -n 2 --dist loadfile

test-slow: $(DOCS)
	$(BIN)/python -m pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

quality: $(STAMP)
	$(BIN)/python bench/quality.py
	$(BIN)/python bench/scores.py

DATA ?= ../shared/data
survey: $(STAMP)
	$(BIN)/python bench/survey.py $(DATA)

docs: $(DOCS)
	$(BIN)/mkdocs build --quiet --strict

reference: $(STAMP)
	$(BIN)/python -m secateur.reference docs/reference

notebook: $(DOCS)
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace docs/five_questions.ipynb

clean:
	rm -rf .venv build *.egg-info validate/kernels/*.so
