#!/usr/bin/env bash
# The nightly job on the shipped inbox: a new workspace in .demo, the sample rule book, one night.
set -euo pipefail
bin=$(realpath "${1:?the revcycle binary}")
cd "$(dirname "$0")/.."
rm -rf .demo
"$bin" init .demo
cp fixtures/demo/masters/*.csv .demo/masters/
cp -r fixtures/demo/inbox/. .demo/inbox/
echo
code=0
"$bin" run -C .demo --as-of 2025-03-31 || code=$?
echo
echo "Exit code $code: 3 means done, and something was quarantined (the shipped inbox holds a torn file on purpose)."
[ "$code" -eq 3 ] || exit 1
"$bin" verify -C .demo >/dev/null && echo "verify: every invariant holds, in the ledger and in the Parquet."
cat <<TXT

extracts    $PWD/.demo/extracts/current     (views.sql beside it for DuckDB, DICTIONARY.md for every column)
report      $(ls "$PWD"/.demo/reports/*.html 2>/dev/null | head -1)
next        bin/revcycle denials -C .demo     bin/revcycle gaps -C .demo     bin/revcycle explain -C .demo CLAIM
TXT
