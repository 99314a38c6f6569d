# Debian's C compiler, with what it takes to link statically.
make_gcc() {
  debian_root "$1" gcc libc6-dev make
  rm -f "$1"/usr/bin/*-lto-dump-*
}
