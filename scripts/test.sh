#!/bin/bash
# `npm test`: gets the machine ready, then everything that must hold. Ends with `N passed, N failed, N skipped`.
# SLIPWAY_REQUIRE=overlayfs,oci-runtime,registry turns tests that are skipped for want of these into failures.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
scripts/setup.sh --test
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
failed_checks=()

section() { printf '\n== %s\n' "$1"; }
check() { # check NAME COMMAND…
  local name=$1
  shift
  section "$name"
  "$@" || failed_checks+=("$name")
}
# Each project writes its report; a project that dies without one has failed.
tests() { # tests PROJECT
  check "$1 tests" npx --no-install vitest run --project "$1" --reporter=default --reporter=json --outputFile.json="$reports/$1.json"
}

check 'types' npm run --silent typecheck
check 'lint' npm run --silent lint
check 'format' npm run --silent format:check
check 'docs/compatibility.md' node scripts/compatibility.mjs --check
tests unit
if [ "$(id -u)" = 0 ]; then
  section 'base images'
  scripts/standin-registry.sh >/dev/null || failed_checks+=('base images')
fi
tests kernel

node scripts/test-summary.mjs "$reports" unit kernel -- "${failed_checks[@]}"
