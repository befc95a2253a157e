#!/bin/sh
# npm run museum: boots both sides of every exhibit, and ends with 1 if one does not flip any more. Words are handed to "run".
set -u
cd "$(dirname "$0")/.."
status=0
for exhibit in matrices/museum/*.yaml; do
	./tscmatrix run "$exhibit" "$@"
	code=$?
	[ "$code" -ne 130 ] || exit 130
	[ "$code" -eq 0 ] || { status=1; echo "museum: $exhibit is not as expected ($code)" >&2; }
done
exit $status
