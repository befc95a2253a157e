#!/bin/sh
# What CI runs: npm test, then what was skipped and why, the slowest files and, as the last line, "N passed, N failed".
set -u
cd "$(dirname "$0")/.."
report=$(mktemp)
trap 'rm -f "$report"' EXIT
TSCMATRIX_TEST_REPORT=$report npm test
status=$?
node=node_modules/node/bin/node
if [ -x "$node" ] && [ -s "$report" ]; then
	"$node" scripts/count-tests.ts "$report" || status=1
else
	echo "0 passed, 1 failed"
	status=1
fi
exit $status
