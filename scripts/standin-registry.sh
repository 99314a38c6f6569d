#!/bin/bash
# Fills a registry's data folder with the stand-in images, once, with `slipway import` and `slipway push`, and prints its path.
#   standin-registry.sh [--cache DIR]
# Serve it with docker-registry: `storage: {filesystem: {rootdirectory: PATH}}`. Images are library/alpine:latest and so on.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway
if [ "${1-}" = --cache ]; then cache=${2:?--cache needs a folder}; fi
slipway=$here/../bin/slipway
export PATH=$PATH:/usr/sbin:/sbin

standins=$("$here/standins.sh" --cache "$cache/standins")
# Another recipe, another folder. The number is this script's own version.
key=$(printf '1\n%s\n' "$standins" | sha256sum | cut -c1-12)
data=$cache/test-registry/$key
mkdir -p "$cache/test-registry"
exec 9>"$cache/test-registry/.lock"
flock 9
if [ -e "$data" ]; then
  printf '%s\n' "$data"
  exit
fi
printf 'standin-registry: pushing the stand-ins into a registry (once; kept in %s)\n' "$data" >&2

work=$(mktemp -d "$cache/test-registry/.work.XXXXXX")
registry=
stop() {
  if [ -n "$registry" ]; then
    kill "$registry" 2>/dev/null || true
    wait "$registry" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap stop EXIT
# JSON is YAML.
printf '{"version": 0.1, "log": {"level": "info"}, "storage": {"filesystem": {"rootdirectory": "%s"}}, "http": {"addr": "127.0.0.1:0"}}' "$work/data" >"$work/config.yml"
docker-registry serve "$work/config.yml" >"$work/log" 2>&1 9>&- &
registry=$!
for ((tries = 0; tries < 100; tries++)); do
  port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/log")
  [ -z "$port" ] || break
  kill -0 "$registry" 2>/dev/null || break
  sleep 0.1
done
[ -n "$port" ] || { cat "$work/log" >&2; exit 1; }

export SLIPWAY_ROOT=$work/store
while IFS=$'\t' read -r name tar config images; do
  for image in $images; do
    target=127.0.0.1:$port/library/$image
    if [ "$image" = "${images%% *}" ]; then
      "$slipway" import --config "$config" "$tar" "$target" >/dev/null
      first=$target
    else
      "$slipway" tag "$first" "$target"
    fi
    "$slipway" push --quiet "$target" >/dev/null
  done
done <<<"$standins"

rm -rf "$cache/test-registry"/[0-9a-f]*
mv "$work/data" "$data"
printf '%s\n' "$data"
