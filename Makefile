SHELL := /bin/bash
BIN := node_modules/.bin

.PHONY: ok format lint types unit

## ok: format, lint, types, import directions and unit tests; run it before every commit
ok: lint types unit

format:
	$(BIN)/biome check --write .

lint:
	$(BIN)/biome check .

types:
	$(BIN)/tsc -p .

unit:
	$(BIN)/node --test --test-reporter=dot 'test/unit/**/*.test.ts'
