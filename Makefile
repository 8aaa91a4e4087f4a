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

# Installed once for each set of requirements, platform and version, and copied into every function's artifact.
installed = build/requirements/$(PLATFORM)-$(PYTHON_VERSION)

.PHONY: artifact-core artifact-strands clean
.DELETE_ON_ERROR:

artifact-core: $(installed)/runtime
	$(call assemble,$<)

artifact-strands: $(installed)/runtime-strands
	$(call assemble,$<)

build-DurableStrandsAgentFunction: artifact-strands
	@:

build-%: artifact-core
	@:

# The requirements were resolved for Lambda's platform, whole, so pip resolves nothing: it would follow the markers of
# the interpreter that runs it. A wheel is fetched for the target; there is nothing to compile.
$(installed)/%: constraints/%.txt
	rm -rf $@ $@.partial
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-compile --no-deps \
		--require-hashes --only-binary=:all: --platform $(PLATFORM) --implementation cp \
		--python-version $(PYTHON_VERSION) --target $@.partial --requirement $<
	rm -rf $@.partial/bin
	touch $@.partial
	mv $@.partial $@

# $(call assemble,REQUIREMENTS): the installed requirements and every module of the two packages, into ARTIFACTS_DIR.
define assemble
	@test -n "$(ARTIFACTS_DIR)" || { echo "Say where: make $@ ARTIFACTS_DIR=FOLDER" >&2; exit 2; }
	@mkdir -p "$(ARTIFACTS_DIR)"
	@test -z "$$(ls -A "$(ARTIFACTS_DIR)")" || \
		{ echo "ARTIFACTS_DIR=$(ARTIFACTS_DIR) is not empty: name an empty or a new folder." >&2; exit 2; }
	cp -R $(1)/. "$(ARTIFACTS_DIR)"
	find patterns providers -name '*.py' | sort | tar -cf - -T - | tar -xf - -C "$(ARTIFACTS_DIR)"
endef

clean:
	rm -rf build/requirements
