#!/bin/bash
# `npm run demo`: gets the machine ready, builds the examples, runs the images, and shows what each stage cost and what ships.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
scripts/setup.sh
scripts/import-standins.sh golang node gcc

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
bold() { if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi; }

for example in go node c release-test; do
  bold "slipway build -t demo/$example examples/$example"
  bin/slipway build -t "demo/$example" --metadata-file "$results/$example.json" "examples/$example"
  bold "slipway run demo/$example"
  bin/slipway run "demo/$example"
done

bold 'What was built'
node scripts/demo-table.mjs "$results"
printf '\nTry: bin/slipway images    bin/slipway build --target test examples/go\n'
