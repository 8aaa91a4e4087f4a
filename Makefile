# Builds what is deployed: `patterns`, `providers` and the pinned runtime requirements, and nothing else.
#
#   make artifact-core    ARTIFACTS_DIR=FOLDER     what six of the functions run
#   make artifact-strands ARTIFACTS_DIR=FOLDER     the same with Strands, for the function that needs it
#
# `sam build` calls build-<LogicalId> with a folder of its choice. PLATFORM and PYTHON_VERSION must fit who runs the
# artifact: Lambda on arm64 unless told otherwise; PLATFORM=manylinux2014_x86_64 for such a machine.

PLATFORM ?= manylinux2014_aarch64
PYTHON_VERSION ?= 3.13
PYTHON ?= python3

# Built once for a platform and version, and copied into every function's folder.
build = build/$(PLATFORM)-$(PYTHON_VERSION)
# The folders, too: one changes when a file in it is gone.
sources = $(shell find patterns providers -name '*.py' -o -type d -not -name __pycache__)

.PHONY: artifact-core artifact-strands clean
.SECONDARY:

artifact-core artifact-strands: artifact-%: $(build)/artifact-%
	@test -n "$(ARTIFACTS_DIR)" || { echo "Say where: make $@ ARTIFACTS_DIR=FOLDER" >&2; exit 2; }
	@mkdir -p "$(ARTIFACTS_DIR)"
	@test -z "$$(ls -A "$(ARTIFACTS_DIR)")" || \
		{ echo "ARTIFACTS_DIR=$(ARTIFACTS_DIR) is not empty: name an empty or a new folder." >&2; exit 2; }
	cp -Rl $</. "$(ARTIFACTS_DIR)" 2>/dev/null || cp -R $</. "$(ARTIFACTS_DIR)"

build-DurableStrandsAgentFunction: artifact-strands
	@:

build-%: artifact-core
	@:

$(build)/artifact-%: $(build)/requirements-% $(sources) Makefile
	rm -rf $@ $@.partial
	cp -R $< $@.partial
	find patterns providers -name '*.py' | sort | tar -cf - -T - | tar -xf - -C $@.partial
	$(call compile,$@.partial,$@.partial/patterns $@.partial/providers)
	mv $@.partial $@

# The requirements were resolved for Lambda's platform, whole, so pip resolves nothing: it would follow the markers of
# the interpreter that runs it. It fetches the target's wheels; there is nothing to build.
$(build)/requirements-%: constraints/runtime-%.txt
	rm -rf $@ $@.partial
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-compile --no-deps \
		--require-hashes --only-binary=:all: --platform $(PLATFORM) --implementation cp \
		--python-version $(PYTHON_VERSION) --target $@.partial --requirement $<
	rm -rf $@.partial/bin
	$(call compile,$@.partial,$@.partial)
	touch $@.partial
	mv $@.partial $@

# $(call compile,ROOT,FOLDERS): byte code, since a function's folder is read-only and each cold start would compile anew. It is
# never checked against the source, whose time an archive does not keep; it belongs to one minor version of Python.
define compile
	@if python$(PYTHON_VERSION) -c '' 2>/dev/null; then \
		python$(PYTHON_VERSION) -m compileall -q --invalidation-mode unchecked-hash -s $(1) $(2); \
	else \
		echo "There is no python$(PYTHON_VERSION) here: without byte code, a cold start takes longer." >&2; \
	fi
endef

clean:
	rm -rf build
