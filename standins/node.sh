# Debian with the node (and npm) of this machine: Debian 12 itself has no Node 20.
. "$parts/debian.sh"

make_node() {
  local root=$1 base node npm library
  base=$cache/debian-$(key_of debian).tar
  if [ -e "$base" ]; then tar -xf "$base" -C "$root" --numeric-owner; else debian_root "$root"; fi
  node=$(node -p 'fs.realpathSync(process.execPath)')
  install -D -m 755 "$node" "$root/usr/local/bin/node"
  chroot "$root" /usr/local/bin/node --version >/dev/null 2>&1 || {
    # Built against libraries that Debian does not have: bring the ones it uses here.
    ldd "$node" | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' | grep -v -e '/libc\.so' -e '/libpthread' -e '/libm\.so' -e '/libdl' -e '/librt' |
      while read -r library; do install -D -m 644 "$(readlink -f "$library")" "$root/usr/local/lib/$(basename "$library")"; done
    chroot "$root" ldconfig
    rm -rf "$root"/var/cache/ldconfig/*
    chroot "$root" /usr/local/bin/node --version >/dev/null
  }
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  mkdir -p "$root/usr/local/lib/node_modules/npm"
  tar -C "$npm" -cf - --exclude=./docs --exclude=./man --exclude='*.md' . | tar -C "$root/usr/local/lib/node_modules/npm" -xf - --no-same-owner
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  ln -s node "$root/usr/local/bin/nodejs"
  echo 'node:x:1000:1000::/home/node:/bin/bash' >>"$root/etc/passwd"
  echo 'node:x:1000:' >>"$root/etc/group"
  install -d -o 1000 -g 1000 "$root/home/node"
}
# The image is another one when the machine's node is.
recipe_input_node() { node --version; }
config_node() { sed "s|\"Env\": \[|&\"NODE_VERSION=$(node -p process.versions.node)\", |" "$parts/node.json"; }
