# An Alpine-shaped root: busybox, and an apk that installs from files of the image.

alpine_shape() { # alpine_shape ROOT
  local root=$1 path
  unpack busybox-static
  mkdir -p "$root"/{bin,dev,etc/apk,etc/ssl/certs,home,lib/apk/db,media,mnt,opt,proc,root,run,sbin,srv,sys,tmp} \
    "$root"/usr/{bin,lib,local/bin,sbin,share} "$root"/var/{cache,lib,log,tmp}
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chmod 700 "$root/root"
  install -m 755 "$work/deb/busybox-static/bin/busybox" "$root/bin/busybox"
  "$root/bin/busybox" --list-full | grep -v -e '^linuxrc$' -e '^bin/busybox$' -e /dpkg | while read -r path; do
    ln -s /bin/busybox "$root/$path"
  done
  printf '%s\n' root:x:0:0:root:/root:/bin/sh bin:x:1:1:bin:/bin:/sbin/nologin daemon:x:2:2:daemon:/sbin:/sbin/nologin \
    www-data:x:82:82::/var/www:/sbin/nologin nobody:x:65534:65534:nobody:/:/sbin/nologin >"$root/etc/passwd"
  printf '%s\n' root:x:0:root bin:x:1:root daemon:x:2:root www-data:x:82: users:x:100: nobody:x:65534: >"$root/etc/group"
  printf '%s\n' 'root:*::0:::::' 'bin:!::0:::::' 'daemon:!::0:::::' 'www-data:!::0:::::' 'nobody:!::0:::::' >"$root/etc/shadow"
  chmod 640 "$root/etc/shadow"
  printf '%s\n' 'NAME="Slipway stand-in for Alpine Linux"' ID=alpine VERSION_ID=3.20.0 \
    'PRETTY_NAME="Slipway stand-in for Alpine Linux, made from Debian packages"' >"$root/etc/os-release"
  echo 3.20.0 >"$root/etc/alpine-release"
  printf 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n' >"$root/etc/profile"
  : >"$root/etc/apk/world"
  : >"$root/lib/apk/db/installed"
  install -m 755 "$parts/apk" "$root/sbin/apk"
}

# local_package ROOT NAME FROM DEPENDENCY…: the files below FROM become something that `apk add NAME` installs.
# Its version is that of the Debian package in $deb.
local_package() {
  local root=$1 name=$2 from=$3 directory
  shift 3
  directory=$root/usr/share/apk-local
  mkdir -p "$directory"
  find "$from" -type d -exec chmod 755 {} +
  same_tar -C "$from" -cf - . | gzip -9n >"$directory/$name.tar.gz"
  printf '%s %s%s\n' "$name" "$(<"$work/deb/$deb.version")" "${*:+ $*}" >>"$directory/index"
}

# The C library that Debian's programs need, and only that.
keep_c_library() { # keep_c_library FROM
  rm -rf "$1"/{etc,sbin,usr}
}

alpine_packages() { # alpine_packages ROOT
  local root=$1 deb from=$work/deb file
  unpack ca-certificates tzdata bash libtinfo6 libc6 git libpcre2-8-0 zlib1g

  deb=ca-certificates
  mkdir -p "$from/bundle/etc/ssl/certs"
  find "$from/$deb/usr/share/ca-certificates" -name '*.crt' -print0 | LC_ALL=C sort -z | xargs -0 cat >"$from/bundle/etc/ssl/certs/ca-certificates.crt"
  ln -s certs/ca-certificates.crt "$from/bundle/etc/ssl/cert.pem"
  local_package "$root" ca-certificates "$from/bundle"

  deb=tzdata
  rm -rf "$from/tzdata/usr/share/zoneinfo"/{right,posix}
  local_package "$root" tzdata "$from/tzdata"

  deb=libc6
  keep_c_library "$from/libc6"
  local_package "$root" libc6 "$from/libc6"

  deb=bash
  rm -rf "$from/bash"/{etc,usr,bin/rbash}
  cp -a "$from"/libtinfo6/. "$from/bash"
  local_package "$root" bash "$from/bash" libc6

  # What works on local repositories; nothing that talks to a server.
  deb=git
  rm -rf "$from"/git/{etc,var,usr/share/{gitweb,git-core/contrib},usr/bin/{scalar,git-shell},usr/lib/git-core/mergetools}
  for file in "$from"/git/usr/lib/git-core/{git,scalar,git-shell,git-daemon,git-http-*,git-imap-send,git-remote-*}; do rm -f "$file"; done
  ln -s ../../bin/git "$from/git/usr/lib/git-core/git"
  cp -a "$from"/libpcre2-8-0/. "$from"/zlib1g/. "$from/git"
  local_package "$root" git "$from/git" libc6
}

make_alpine() {
  alpine_shape "$1"
  alpine_packages "$1"
  chown -R 0:0 "$1"
}
