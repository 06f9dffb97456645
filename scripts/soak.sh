#!/usr/bin/env bash
# The properties of make test at full size: kills of both stores, bad disks, falling servers, seeds, 20,000 claims, workers. The figures go into the section
# "Soak" of the file that is named, which is written anew. About half an hour on two cores; KILLS is
# how often a run is killed.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-docs/measurements.md}
kills=${KILLS:-400}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
code=0
SECONDS=0
REVCYCLE_SOAK=$kills go test ./cmd/revcycle -count=1 -v -timeout 40m \
	-run '^(TestAKilledRunGoesOn|TestAKilledDecisionIsWholeOrNotThere|TestSoak.*|TestWorkersMakeTheSameNight|TestRetryAndRerunBesideWorkers|TestMemoryStaysFlatOnHostileFiles|TestTwoRunsAtOnce|TestTwoRunsStartedAtOnce|TestARunOnABadDiskGoesOn|TestAServerThatFallsDuringANight)$' >"$work/log" 2>&1 || code=$?
grep -E '^(---|FAIL|ok)' "$work/log" || true
if [ "$code" -ne 0 ]; then
	grep -vE '^(===|---)' "$work/log" | head -60 >&2
	exit "$code"
fi
{
	echo '<!-- soak: written by make soak -->'
	echo '## Soak'
	echo
	echo "$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), $(nproc) cores, $((SECONDS / 60)) min $((SECONDS % 60)) s:"
	echo
	grep -oE "soak: .*" "$work/log" | sed 's/^soak: //; s/^/- /'
	echo '<!-- /soak -->'
} >"$work/section"
mkdir -p "$(dirname "$out")"
touch "$out"
sed '/^<!-- soak: /,/^<!-- \/soak -->$/d' "$out" >"$work/rest"
cat "$work/rest" "$work/section" >"$out"
echo "written to $out"
