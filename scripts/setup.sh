#!/bin/bash
# Gets a Debian machine ready: system packages, npm packages, the build. Does nothing where all is there.
#   setup.sh          what building and running images needs
#   setup.sh --test   and what the tests need besides: other people's image tools and a registry
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
PATH=$PATH:/usr/sbin:/sbin

node_is_new_enough() {
  local version major minor
  have node || return 1
  version=$(node --version) && version=${version#v}
  IFS=. read -r major minor _ <<<"$version"
  ((major > 20 || (major == 20 && minor >= 19)))
}
node_is_new_enough || die 'Node 20.19 or newer is needed, and npm with it: https://nodejs.org/en/download'

# --- Debian packages: one name for each program that is not there

missing=()
need() { have "$1" || missing+=("${2:-$1}"); }
have runc || have crun || missing+=(runc)
have mmdebstrap || have debootstrap || missing+=(mmdebstrap)
need unshare util-linux
need mount
need git
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
if [ "${1-}" = --test ]; then
  have runc || missing+=(runc)
  need skopeo
  need umoci
  need ssh-add openssh-client
  need docker-registry
  need busybox busybox-static
  need bzip2
  need xz xz-utils
  need zstd
  need openssl
fi

# The registry's package would open port 5000 to the network, now and after every start: we only want the program.
without_services() {
  local policy=/usr/sbin/policy-rc.d
  if [ -e "$policy" ]; then "$@"; return; fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  # shellcheck disable=SC2064
  trap "rm -f $policy" EXIT
  "$@"
  rm -f "$policy"
  trap - EXIT
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

install_missing() {
  local names=$* log
  have apt-get || die "please install these first, under the names your system has for them: $names"
  [ "$(id -u)" = 0 ] || die "please install these first, as root: apt-get install $names"
  say "installing $names"
  log=$(mktemp)
  apt update >"$log" 2>&1 || true # one broken source among several is no reason to stop; the next line tells
  if ! without_services apt install "$@" >>"$log" 2>&1; then
    cat "$log" >&2
    die "apt-get could not install: $names (see above)"
  fi
  rm -f "$log"
  case " $names " in *' docker-registry '*)
    have systemctl && systemctl disable docker-registry.service >/dev/null 2>&1 || true ;;
  esac
}
if ((${#missing[@]} > 0)); then
  mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
  install_missing "${missing[@]}"
fi

# --- npm packages (`npm ci` also builds), then the build when a source is newer than it

quietly() {
  local log
  log=$(mktemp)
  "$@" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; die "\`$*\` failed (see above)"; }
  rm -f "$log"
}
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  say 'installing npm packages'
  quietly npm ci --no-fund --no-audit
fi
stale() {
  [ -e dist/index.js ] && [ -e "$(find src scripts/build.mjs package.json -newer dist/index.js ! -name '*.test.ts' -print -quit)" ]
}
if ! [ -e dist/index.js ] || stale; then
  say 'building'
  quietly npm run --silent build
fi
