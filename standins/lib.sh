# What the recipes share. Sourced by scripts/standins.sh, which sets: parts (this folder), work (an empty folder
# on the cache's disk, deleted afterwards) and suite.

# The Debian mirror that this machine uses for the suite, else Debian's own.
mirror() {
  local found=${SLIPWAY_DEBIAN_MIRROR-}
  [ -n "$found" ] || found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $suite" 'Component: main' 2>/dev/null | head -n 1)
  printf '%s' "${found:-http://deb.debian.org/debian}"
}

# apt with sources, lists and cache of its own, so that the machine's release and its pins do not matter.
own_apt() {
  apt-get -qq -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State="$work/apt" -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt" -o Acquire::Languages=none \
    -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
}

# unpack PACKAGE…: each one's files in $work/deb/PACKAGE, no script of it run.
unpack() {
  local name file
  if [ ! -e "$work/apt/sources.list" ]; then
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/deb"
    : >"$work/apt/status"
    own_apt_sources >"$work/apt/sources.list.new"
    mv "$work/apt/sources.list.new" "$work/apt/sources.list"
    own_apt update >&2
  fi
  (cd "$work/apt/archives" && own_apt download "$@" >&2)
  for name; do
    file=("$work/apt/archives/$name"_*.deb)
    mkdir "$work/deb/$name"
    dpkg-deb --fsys-tarfile "${file[0]}" | tar -x -C "$work/deb/$name" --no-same-owner \
      --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale --exclude=./usr/share/lintian \
      --exclude=./usr/share/bash-completion --exclude='*/gconv/*'
    dpkg-deb -f "${file[0]}" Version >"$work/deb/$name.version"
    rm -f "${file[0]}"
  done
}
own_apt_sources() { printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$(mirror)" "$suite"; }

# debian_root ROOT PACKAGE…: an installed Debian with these packages besides.
debian_root() {
  local root=$1 include
  shift
  # Otherwise apt picks the package that would merge an old system, with all of Perl.
  include=$(IFS=, && printf '%s' "usr-is-merged${*:+,$*}")
  if command -v mmdebstrap >/dev/null; then
    mmdebstrap --quiet --variant=apt --include="$include" --format=directory --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
      --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Check-Valid-Until "false"' \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt=force-unsafe-io "$suite" "$root" "$(mirror)" >&2
  else
    debootstrap --variant=minbase --include="$include" "$suite" "$root" "$(mirror)" >&2
  fi
  # What differs from run to run, or does not belong into an image.
  find "$root/dev" -mindepth 1 -delete
  rm -rf "$root"/usr/share/{doc,man,locale,info}/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/cache/debconf/*-old \
    "$root"/var/log/* "$root"/tmp/* "$root"/run/* "$root"/var/cache/ldconfig/* "$root"/var/lib/dpkg/*-old "$root"/debootstrap \
    "$root"/etc/{resolv.conf,hostname,machine-id} "$root"/etc/{passwd,group,shadow,gshadow,subuid,subgid}-
  : >"$root/etc/machine-id"
}

# What apk.tar.gz and layer tars have in common: the same files give the same bytes.
same_tar() { tar --sort=name --numeric-owner --owner=0 --group=0 --mtime=@1735689600 --format=gnu "$@"; }

# pack ROOT TAR: owners of ROOT's files are kept, times are not.
pack() { tar -C "$1" --sort=name --numeric-owner --mtime=@1735689600 --format=gnu -cf "$2" .; }
