.PHONY: setup demo test check clean

setup: ## npm packages, libtorch, bridge, dist/: whatever is missing
	@bash scripts/setup.sh

demo: setup ## real EEG from EDF to a scored detector
	@bin/bgb demo

test: setup
	@bash scripts/with-node.sh node_modules/vitest/vitest.mjs run \
		--reporter=default --reporter=json --outputFile.json=build/test-results.json

check: setup ## types, lint, format, folder order
	@bash scripts/check.sh

clean: ## what was built; the npm packages stay
	rm -rf build dist
