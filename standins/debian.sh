# Debian itself: what a minimal installation with apt has.
make_debian() { debian_root "$1"; }
