#!/usr/bin/env bash
# What the machine does in a second, from the X12 reader to the whole night, one line each. With a file as
# argument the table is also written into its section "Speed". About ten minutes; nothing fails for being slow.
# BENCHTIME is how long each is measured, CLAIMS how many the run of claims alone takes, NIGHTS the sizes of nights with their
# remits: embedded, on a PostgreSQL server beside it, and shared out to 1, 2 and 4 workers. Where others use the machine too,
# compare the CPU of our own processes, never claims a second.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-}
export REVCYCLE_BENCH_CLAIMS=${CLAIMS:-50000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# measure NAME PACKAGE BENCHMARK [BENCHTIME]: one line for each benchmark, its figures without ns/op and allocations.
measure() {
	go test "$2" -run '^$' -bench "$3" -benchtime "${4:-${BENCHTIME:-1s}}" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	awk -v name="$1" '/^Benchmark/ {
		figures = ""
		for (i = 3; i < NF; i += 2) {
			unit = $(i + 1)
			if (unit == "ns/op" || unit == "B/op" || unit == "allocs/op" || unit == "rows" || unit == "bytes/claim") continue
			figures = figures (figures == "" ? "" : ", ") sprintf($i >= 100 ? "%.0f" : "%.3g", $i) " " unit
		}
		part = ""
		if (index($1, "/")) { part = $1; sub(/^[^\/]*\//, " ", part); sub(/-[0-9]+$/, "", part) }
		printf "%-42s %s\n", name part, figures
	}' "$work/log" | tee -a "$work/table"
}

measure "X12 segments and elements"          ./parsers/x12     '^BenchmarkRead$'
measure "X12 with loops"                     ./parsers/x12     '^BenchmarkReadWithLoops$'
measure "X12 scan: counts and cuts"          ./parsers         '^BenchmarkScan$'
measure "837 to claims, one core"            ./parsers/x837    '^BenchmarkRead837$'
measure "835 to remits, one core"            ./parsers/x835    '^BenchmarkRead835$'
measure "assess, one core"                   ./rules/book      '^BenchmarkAssess$'
measure "append to memory"                   ./ledger/mem      '^BenchmarkAppend$' 100x
measure "append to SQLite"                   ./ledger/sqlite   '^BenchmarkAppend$'
measure "Parquet rows, one core"             ./extract         '^BenchmarkWrite$'
measure "publish from the ledger"            ./extract         '^BenchmarkPublish$' 2x
measure "whole run of $REVCYCLE_BENCH_CLAIMS claims"        ./pipeline        '^BenchmarkRun$' 2x
measure "append to PostgreSQL"               ./ledger/postgres '^BenchmarkAppend$'
for n in ${NIGHTS:-10000 100000}; do # NIGHTS="10000 100000 1000000" shows how it grows; the last takes an hour
	REVCYCLE_BENCH_CLAIMS=$n measure "night of $n claims with remits" ./cmd/revcycle '^BenchmarkNight$' 1x
done

[ -n "$out" ] || exit 0
{
	echo '<!-- bench: written by scripts/bench.sh -->'
	echo '## Speed'
	echo
	echo "$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), $(nproc) cores of a shared machine ($(awk -F': ' '/^model name/ {print $2; exit}' /proc/cpuinfo)), $(go env GOVERSION):"
	echo
	echo '```'
	cat "$work/table"
	echo '```'
	echo '<!-- /bench -->'
} >"$work/section"
mkdir -p "$(dirname "$out")"
touch "$out"
sed '/^<!-- bench: /,/^<!-- \/bench -->$/d' "$out" >"$work/rest"
cat "$work/section" "$work/rest" >"$out"
echo "written to $out"
