#!/usr/bin/env bash
# Another Parquet library, in a module of its own, reads what a night over the shipped inbox published and
# sums every money column: the sums must be the manifest's, which verify has tied to the ledger's.
set -euo pipefail
bin=$(realpath "${1:?the revcycle binary}")
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$bin" init "$dir/w" 2>/dev/null
cp fixtures/demo/masters/*.csv "$dir/w/masters/"
cp -r fixtures/demo/inbox/. "$dir/w/inbox/"
code=0
"$bin" run -C "$dir/w" --as-of 2025-03-31 >/dev/null || code=$?
[ "$code" -eq 3 ] || { echo "parquetcheck: run: exit $code, want 3"; exit 1; }
"$bin" verify -C "$dir/w" >/dev/null 2>&1 || { echo "parquetcheck: verify failed"; exit 1; }
cd extract/parquetcheck
PARQUETCHECK_DIR="$dir/w/extracts" go test -count=1 -v -run . ./... | grep -v '^=== '
