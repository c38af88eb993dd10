SHELL := /bin/bash
BIN := node_modules/.bin
NODE := $(BIN)/node

# As many test files at once as there are cores.
JOBS := $(shell nproc)
# Two more where servers and real periods are waited for.
WAITING_JOBS := $(shell echo $$(($$(nproc) + 2)))
# What coverage counts: our source, not the tests and not the bundle.
COVERAGE := --experimental-test-coverage --test-coverage-include='src/**/*.ts'
# All but the unit tests, which share processes. Clusters come after the simulation, which takes all cores: they have deadlines.
TESTS := 'test/simulation/**/*.test.ts' 'test/cli/**/*.test.ts' 'test/conformance/**/*.test.ts' 'test/integration/**/*.test.ts' 'test/cluster/**/*.test.ts' 'test/chaos/**/*.test.ts'

.DEFAULT_GOAL := help
.PHONY: help quickstart build ok coverage fuzz fuzz-server simulate test test-bare test-stores test-kills test-chaos soak test-mutations test-versions test-image bench install format lint types unit etcd ceph openstack clean test-cluster soak-cluster test-simulation test-histories test-walks test-ui test-chart test-kubernetes test-monitoring test-moments test-file-errors man site tour release test-release check-release audit

## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

## quickstart: install, build, back up a scratch etcd, destroy it, restore it and compare; the place to begin
quickstart: build etcd
	@$(NODE) scripts/quickstart.ts

## build: the single executable bin/etcdbrctl
build: install
	@$(NODE) scripts/build.ts

## man: the manual, etcdbrctl.1 and one page a command, in .cache/man
man: install
	@$(NODE) scripts/write-man-pages.ts

## site: the documents as a static site with search, in .cache/site
site: install
	@$(NODE) scripts/site.ts

## tour: records the tour of README.md anew from a real run: docs/tour.md and docs/images/tour.svg
tour: build etcd
	@$(NODE) scripts/tour.ts

## release: archives, .deb and .rpm for x64 and arm64 with checksums and bills of materials, in .cache/release; five minutes
release: install
	@scripts/install-packers.sh
	@$(NODE) scripts/release.ts

## test-release: looks into what `make release` has built, and runs it
test-release: install
	@scripts/install-packages.sh 'a moment' man=man-db
	@$(NODE) --test --test-concurrency=1 'test/release/*.test.ts'

## audit: known faults of the packages in the executable, by npm's registry; fails as well where it could not be asked
audit: install
	@$(NODE) scripts/audit.ts

## check-release: the checklist of docs/release.md, as far as no person has to look; half a day; needs root and a tag
check-release:
	@scripts/check-release.sh

## ok: format, lint, import directions, types and unit tests in under a minute; run it before every commit
ok: install
	@WALKS=$${WALKS:-short} scripts/tests/at-once.sh "$(MAKE) --no-print-directory" unit lint types

## test: everything: lint, types and all tests against real servers; takes a quarter of an hour
test: build etcd ceph openstack
	@$(MAKE) --no-print-directory lint types
	@files=$$($(NODE) scripts/tests/share-processes.ts test/unit $$((8 * $(JOBS)))) && \
	TEST_ETCDBRCTL="$(CURDIR)/bin/etcdbrctl" NODE_COMPILE_CACHE="$(CURDIR)/.cache/compile" $(NODE) scripts/tests/run-all.ts $(WAITING_JOBS) $(TESTS) $$files

## coverage: what the unit tests run of src, in .cache/coverage.txt; takes two minutes
coverage: install
	@$(NODE) --test --test-concurrency=$(JOBS) --test-reporter=./scripts/test-reporter.ts $(COVERAGE) 'test/unit/**/*.test.ts'

## test-kills: 120 kill -9 of a busy etcd, our view of its files compared with its own; takes five minutes
test-kills: etcd
	KILL_ROUNDS=$${KILL_ROUNDS:-20} KILL_SEED=$${KILL_SEED:-$$RANDOM} $(NODE) --test test/integration/datadir/replay/kills.test.ts

## test-chaos: 200 kill -9 of snapshotter, etcd and store; each time the backup is what clients wrote; takes half an hour
test-chaos: etcd
	CHAOS_ROUNDS=$${CHAOS_ROUNDS:-200} CHAOS_SEED=$${CHAOS_SEED:-$$RANDOM} $(NODE) --test test/chaos/kills.test.ts

## test-cluster: three etcds with their sidecars under every disturbance of docs/reliability.md; takes an hour
test-cluster: build etcd
	@$(NODE) test/cluster/main.ts

## soak-cluster: the same, five times in another order and with another timing (CLUSTER_ROUNDS, CLUSTER_SEED)
soak-cluster: build etcd
	@CLUSTER_ROUNDS=$${CLUSTER_ROUNDS:-5} CLUSTER_LENGTH=$${CLUSTER_LENGTH:-short} $(NODE) test/cluster/main.ts

## fuzz: a minute of changed inputs for every parser of untrusted bytes; what leads somewhere new is kept in test/fixtures/corpus
fuzz: install
	FUZZ_KEEP=yes FUZZ_RUNS=$${FUZZ_RUNS:-400000} FUZZ_SEED=$${FUZZ_SEED:-$$RANDOM} $(NODE) --test test/unit/fuzz/parsers.test.ts

## fuzz-server: 50,000 hostile requests to the server, which must stay up and as large as it was
fuzz-server: install
	HTTP_FUZZ_REQUESTS=$${HTTP_FUZZ_REQUESTS:-50000} HTTP_FUZZ_SEED=$${HTTP_FUZZ_SEED:-$$RANDOM} $(NODE) --test test/integration/server/fuzz.test.ts

## simulate: a million seeded lives of a cluster with its sidecars; five hours on two cores, SIMULATION_SEEDS=10000 three minutes
simulate: install
	@SIMULATION_SEEDS=$${SIMULATION_SEEDS:-1000000} SIMULATION_PROCESSES=$${SIMULATION_PROCESSES:-2} SIMULATION_FIRST=$${SIMULATION_FIRST:-$$((RANDOM * 32768 + RANDOM))} $(NODE) test/simulation/main.ts

## test-simulation: faults planted one by one in a copy of the source; the simulation has to notice each; takes ten minutes
test-simulation: install
	@$(NODE) test/simulation/plant.ts

## test-mutations: 10,000 damaged files, each reported or read as a real etcd reads it; takes eleven minutes
test-mutations: etcd
	MUTATIONS=$${MUTATIONS:-10000} MUTATION_SEED=$${MUTATION_SEED:-$$RANDOM} $(NODE) --test test/chaos/mutations.test.ts test/chaos/encrypted-mutations.test.ts

## test-versions: the suites that run an etcd, with etcd 3.6 and 3.7 built with the Go toolchain of the machine; half an hour
test-versions: build
	@$(NODE) scripts/test-versions.ts

## test-stores: the suite of every store with every fault and chains of 10,500 objects; takes a quarter of an hour
test-stores: install ceph openstack
	STORE_OBJECTS=10500 $(NODE) --test 'test/conformance/**/*.test.ts'

## test-histories: 100,000 random lives of a cluster and its store, and real ones; nothing that a restore needs may be deleted, nothing merged of two
test-histories: etcd
	HISTORIES=$${HISTORIES:-100000} WALKS_SEED=$${WALKS_SEED:-$$RANDOM} $(NODE) --test test/unit/retention/plan.test.ts test/unit/operations/history/decide-fork.test.ts test/integration/operations/history/random-lives.test.ts test/unit/operations/restore/restored-mark.test.ts test/integration/operations/snapshot/histories.test.ts

## test-ui: the dashboard in Debian's Chromium, with its accessibility; SCREENSHOTS=yes takes those of docs/images
test-ui: install
	@scripts/install-packages.sh 'some 100 MB with what they need: a minute' chromium=chromium chromium=fonts-dejavu-core
	@$(NODE) --test --test-concurrency=1 'test/ui/*.test.ts'

## test-monitoring: every alert of example/monitoring fires in a real Prometheus from Debian, unpacked into .cache
test-monitoring: install
	@$(NODE) --test --test-concurrency=1 'test/monitoring/*.test.ts'

## test-chart: the Helm chart, rendered by helm, which the machine's Go toolchain builds
test-chart: install
	@$(NODE) --test --test-concurrency=1 'test/chart/*.test.ts'

## test-kubernetes: leases, manifests and a restore with a real API server; the machine's Go toolchain builds it, which takes long once
test-kubernetes: install etcd
	@$(NODE) --test --test-concurrency=1 'test/kubernetes/*.test.ts'

## test-walks: the unit tests, those that try things at random for longer; takes three minutes
test-walks: install
	@WALKS=long WALKS_SEED=$${WALKS_SEED:-$$RANDOM} $(MAKE) --no-print-directory unit

## test-moments: every revision and second of a cluster with fulls each 10 s is restored from 300 MB; takes ten minutes
test-moments: etcd
	EVERY_MOMENT=long $(NODE) --test test/integration/operations/restore/every-moment.test.ts

## test-file-errors: each call of each command to the file system fails once in each way, or is the last before a kill; takes an hour
test-file-errors: etcd
	FILE_ERRORS=all $(NODE) --test test/integration/file-errors.test.ts test/integration/operations/restore/file-errors.test.ts test/integration/killed-at-each-call.test.ts

## test-bare: quickstart and test in a fresh Debian 12 with only make, git and CA certificates; needs root
test-bare:
	@scripts/test-bare.sh

## test-image: builds the image of the Dockerfile in chroots and runs it read-only as several users, for x64 and arm64; twenty minutes; needs root
test-image: install etcd
	@scripts/test-image.sh
	@scripts/test-image.sh $(if $(filter aarch64,$(shell uname -m)),amd64,arm64)

## bench: speed and memory as a table of ratios to what the machine can do
bench: build etcd
	@$(NODE) test/bench/main.ts

## soak: a snapshotter at work for 20 minutes (SOAK_MINUTES) with faults and rotations; must not grow or miss a write
soak: build etcd
	@$(NODE) test/soak/main.ts

## install: Debian and npm packages that are missing; every target that needs it does it by itself
install:
	@scripts/install.sh
	@scripts/build-native.sh flock >/dev/null
	@scripts/build-native.sh pages >/dev/null
	@scripts/build-native.sh cores >/dev/null
	@scripts/build-native.sh gunzip >/dev/null
	@scripts/build-native.sh unzstd >/dev/null
	@scripts/build-native.sh deflate >/dev/null
	@scripts/build-native.sh sha256 >/dev/null
	@$(NODE) scripts/build-wasm.ts >/dev/null
	@$(NODE) scripts/build-dashboard.ts >/dev/null

## format: rewrite the sources in the project's format
format: install
	$(BIN)/biome check --write .

lint:
	$(BIN)/biome check .

types:
	$(BIN)/tsc -p . --incremental --tsBuildInfoFile .cache/types.tsbuildinfo
	$(BIN)/tsc -p src/server/http/dashboard/page
	$(BIN)/tsc -p scripts/site/page

unit:
	@files=$$($(NODE) scripts/tests/share-processes.ts test/unit $$((8 * $(JOBS)))) && \
	NODE_COMPILE_CACHE=.cache/compile $(NODE) --single-threaded-gc --test --test-timeout=120000 --test-concurrency=$(JOBS) --test-reporter=./scripts/test-reporter.ts $$files

# The etcd releases the tests run against, in .cache.
etcd: install
	@$(NODE) scripts/fetch-etcd.ts >/dev/null

# The S3 server the tests run against, from Debian.
ceph:
	@scripts/install-packages.sh 'some 250 MB with what they need: 1 to 3 minutes' \
	  radosgw=radosgw ceph-mon=ceph-mon ceph-osd=ceph-osd ceph=ceph-common

# The Swift and Keystone the tests run against, in .cache. After Ceph, which brings the system's Python.
openstack: install ceph
	@$(NODE) scripts/fetch-openstack.ts >/dev/null

## clean: remove what was built and downloaded
clean:
	rm -rf bin/etcdbrctl .cache coverage
