#!/bin/bash
# Puts stand-ins for base images into Slipway's store, where Docker Hub does not answer.
#   import-standins.sh [NAME…]     NAME: alpine golang debian node gcc; default: all
# SLIPWAY_STANDINS=always|never decides without asking Docker Hub. SLIPWAY_ROOT says which store.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
slipway=$here/../bin/slipway

say() { printf 'stand-ins: %s\n' "$*" >&2; }
# Any answer will do, also "log in first": 401 is what a registry says to strangers.
hub_answers() {
  node -e "fetch('https://registry-1.docker.io/v2/', { signal: AbortSignal.timeout(3000) })
    .then((r) => process.exit([200, 401].includes(r.status) && r.headers.has('docker-distribution-api-version') ? 0 : 1), () => process.exit(1))"
}
case ${SLIPWAY_STANDINS-} in
  never) exit ;;
  always) say 'used because SLIPWAY_STANDINS=always' ;;
  *)
    if hub_answers; then
      say 'not needed, Docker Hub answers'
      exit
    fi
    say 'Docker Hub does not answer from here, so base images are replaced by stand-ins made from Debian packages'
    ;;
esac

present=$("$slipway" images --json | node -p 'JSON.parse(require("fs").readFileSync(0, "utf8")).flatMap((image) => image.names).join("\n")')
"$here/standins.sh" "$@" | while IFS=$'\t' read -r name tar config images; do
  first=
  for image in $images; do
    grep -qxF "$image" <<<"$present" && continue
    if [ -z "$first" ]; then
      say "$name stands in for $(sed 's/ /, /g' <<<"$images")"
      "$slipway" import --config "$config" "$tar" "$image" </dev/null >/dev/null
      first=$image
    else
      "$slipway" tag "$first" "$image" </dev/null
    fi
  done
done
