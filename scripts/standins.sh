#!/bin/bash
# Makes stand-ins for well-known base images from Debian packages, for machines without Docker Hub.
#   standins.sh [--cache DIR] [NAME…]     NAME: alpine golang debian node gcc; default: all
# Each becomes a root file system tar and its image config (JSON) in the cache folder, made once per recipe.
# Prints one line per NAME, fields separated by tabs: NAME, tar, config, the image names it stands for (blanks between).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
parts=$here/../standins
suite=bookworm
cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway/standins
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C

say() { printf 'standins: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
umask 022
wanted=()
while (($# > 0)); do
  case $1 in
    --cache) cache=${2:?--cache needs a folder}; shift ;;
    -*) die "unknown option $1" ;;
    *) wanted+=("$1") ;;
  esac
  shift
done
((${#wanted[@]} > 0)) || mapfile -t wanted < <(grep -v '^#' "$parts/names" | cut -f1)
images_of() { awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$parts/names"; }

# shellcheck source=../standins/lib.sh
. "$parts/lib.sh"

# Everything the result depends on, except what the mirror has today.
key_of() {
  {
    uname -m
    cat "$parts"/{lib.sh,"$1.sh","$1.json"}
    case $1 in golang) cat "$parts"/{alpine.sh,apk,dep/main.go} ;; alpine) cat "$parts/apk" ;; node) cat "$parts/debian.sh" ;; esac
    if declare -F "recipe_input_$1" >/dev/null; then "recipe_input_$1"; fi
  } | sha256sum | cut -c1-12
}

# Leaves nothing behind but the two files, also when it fails; then says what the tools said.
clean_up() {
  local failed=$?
  exec 2>&8
  ((failed == 0)) || { cat "$work/log" >&2; say "making a stand-in failed (see above)"; }
  rm -rf --one-file-system "$work"
}
make_one() { # make_one NAME KEY
  local name=$1 made=$cache/$1-$2
  [ "$(id -u)" = 0 ] || die "making \`$name\` needs root: its files belong to several users"
  say "making \`$name\` from Debian packages (once; kept in $cache)"
  work=$(mktemp -d "$cache/.work.XXXXXX")
  exec 8>&2 2>"$work/log"
  trap clean_up EXIT
  mkdir "$work/root"
  "make_$name" "$work/root" >&2
  pack "$work/root" "$work/root.tar"
  if declare -F "config_$name" >/dev/null; then "config_$name"; else cat "$parts/$name.json"; fi >"$work/config.json"
  rm -f "$cache/$name"-*.tar "$cache/$name"-*.json
  mv "$work/config.json" "$made.json"
  mv "$work/root.tar" "$made.tar"
  trap - EXIT
  clean_up
}

mkdir -p "$cache"
for name in "${wanted[@]}"; do
  [ -n "$(images_of "$name")" ] || die "there is no recipe for \`$name\`; there are: $(grep -v '^#' "$parts/names" | cut -f1 | paste -sd' ')"
  # shellcheck source=/dev/null
  . "$parts/$name.sh"
  key=$(key_of "$name")
  if ! [ -e "$cache/$name-$key.tar" ]; then
    exec 9>"$cache/.lock"
    flock 9
    [ -e "$cache/$name-$key.tar" ] || make_one "$name" "$key"
    exec 9>&-
  fi
  printf '%s\t%s\t%s\t%s\n' "$name" "$cache/$name-$key.tar" "$cache/$name-$key.json" "$(images_of "$name")"
done
