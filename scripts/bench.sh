#!/usr/bin/env bash
# What the machine does in a second, from the X12 reader to the whole night, one line each. With a file as
# argument the table is also written into its section "Speed". About three minutes; nothing fails for being slow.
# BENCHTIME is how long each is measured, CLAIMS how many the whole runs take. Where others use the machine too, compare
# the CPU of the run with remits, never its claims a second.
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

# night NAME: one line for a run of the program itself over claims with their remits and visits.
night() {
	local night=$work/night pid peak=0 cpu=0 now start stop
	go build -o "$work/revcycle" ./cmd/revcycle
	"$work/revcycle" init "$night" >"$work/log" 2>&1
	"$work/revcycle" simulate "$night" --claims "$REVCYCLE_BENCH_CLAIMS" --per-file 2000 --sound >>"$work/log" 2>&1
	start=$(date +%s%N)
	"$work/revcycle" run -C "$night" --as-of 2025-03-31 --json >"$work/run.json" 2>>"$work/log" &
	pid=$!
	while now=$(awk '/^VmHWM:/ {print $2}' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
		peak=$now cpu=$(awk '{print $14 + $15}' "/proc/$pid/stat" 2>/dev/null || echo "$cpu")
		sleep 0.05
	done
	wait "$pid" || { cat "$work/log" >&2; exit 1; }
	stop=$(date +%s%N)
	awk -v name="$1" -v n="$REVCYCLE_BENCH_CLAIMS" -v ns=$((stop - start)) -v kb="$peak" -v ticks="$cpu" -v hz="$(getconf CLK_TCK)" 'BEGIN {
		printf "%-42s %.0f claims/s, %.0f us of CPU a claim, %.0f peak-MB\n", name, n * 1e9 / ns, ticks / hz * 1e6 / n, kb / 1000
	}' | tee -a "$work/table"
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
night   "whole run with remits and visits"

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
