# Debian's Go on the Alpine-shaped root, with what the usual Dockerfiles fetch already in GOPATH.
. "$parts/alpine.sh"

golang_toolchain() { # golang_toolchain ROOT
  local root=$1 from=$work/deb deb goroot=$1/usr/local/go tools
  unpack golang-1.19-go golang-1.19-src
  # Debian splits GOROOT into two trees with links between them; here it is one.
  mkdir -p "$goroot"
  cp -a "$from/golang-1.19-go/usr/lib/go-1.19"/{VERSION,bin,pkg} "$goroot"
  rm -f "$goroot/pkg/include"
  for deb in golang-1.19-go golang-1.19-src; do
    rm -rf "$from/$deb/usr/share/go-1.19"/{api,misc,test}
    cp -a "$from/$deb/usr/share/go-1.19/." "$goroot"
  done
  rm -rf "$goroot"/pkg/linux_*/cmd "$goroot"/src/cmd
  tools=("$goroot"/pkg/tool/linux_*)
  rm -f "${tools[0]}"/{pprof,trace,dist,distpack,api}
  find "$goroot/src" -name testdata -type d -prune -exec rm -rf {} +
  find "$goroot/src" -name '*_test.go' -delete
}

go_path() { # go_path ROOT
  local root=$1 sources=$work/deb name
  unpack golang-golang-x-net-dev golang-golang-x-text-dev golang-golang-x-sys-dev golang-golang-x-term-dev
  mkdir -p "$root"/go/{bin,pkg,src/golang.org/x,src/github.com/golang/dep/cmd/dep}
  for name in net text sys term; do
    cp -aL "$sources/golang-golang-x-$name-dev/usr/share/gocode/src/golang.org/x/$name" "$root/go/src/golang.org/x/$name"
  done
  rm -rf "$root"/go/src/golang.org/x/text/{cmd,collate,date,feature,message,number,search,unicode/{cldr,rangetable,runenames}}
  find "$root/go/src" -name testdata -type d -prune -exec rm -rf {} +
  find "$root/go/src" -name '*_test.go' -delete
  cp "$parts/dep/main.go" "$root/go/src/github.com/golang/dep/cmd/dep/main.go"
  chmod -R u+rwX,go+rX "$root/go"
  chmod 777 "$root"/go "$root"/go/{bin,pkg,src}
}

make_golang() {
  make_alpine "$1"
  golang_toolchain "$1"
  go_path "$1"
  # Debian's go needs Debian's C library; here it is as if `apk add libc6` had run.
  tar -xzf "$1/usr/share/apk-local/libc6.tar.gz" -C "$1" --no-same-owner
  echo libc6 >"$1/lib/apk/db/installed"
  chown -R 0:0 "$1"
}
