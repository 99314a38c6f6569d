pack() { tar --sort=name --mtime=@1400000000 --owner=3 --group=4 "$@"; }
# Sparse files: many pieces, a hole at the end, a hole only.
mkdir s
i=0
while [ $i -lt 40 ]; do
  printf "piece $i" | dd of=s/pieces bs=8192 seek=$((i * 3)) conv=notrunc 2>/dev/null
  i=$((i + 1))
done
truncate -s 2000001 s/pieces
truncate -s 300000 s/hole
printf x | dd of=s/last bs=1 seek=99999 2>/dev/null
echo dense >s/dense
for version in 0.0 0.1 1.0; do pack -S --format=posix --sparse-version=$version -cf sparse-$version.tar -C s .; done
gzip -n sparse-0.1.tar
# Names and link targets of more than a hundred characters.
mkdir l
long=$(printf '%0120d' 7)
mkdir -p l/$long/sub
echo long >l/$long/sub/$long
ln -s $long/$long/$long l/link
ln l/$long/sub/$long l/hard
pack --format=gnu -cf long-gnu.tar -C l .
pack --format=posix -cf long-posix.tar -C l .
half=$(printf '%090d' 8)
mkdir -p u/$half
echo prefix >u/$half/file-of-$half
pack --format=ustar -cf long-ustar.tar -C u $half
mkdir v
echo v >v/file
ln -s file v/link
ln v/file v/hard
pack --format=v7 -cf v7.tar -C v .
# A name that comes twice: the later one wins.
mkdir t
echo one >t/a; echo one >t/b; mkdir t/c; echo one >t/c/f
pack -cf twice.tar -C t a b c
echo two >t/a; rm t/b; mkdir t/b; echo two >t/b/f; rm -r t/c; echo two >t/c
pack -rf twice.tar -C t a b c
echo path >t/x
pack -cf paths.tar -C t --transform='s,^x$,./p//q/./../r/x,' x
pack -rf paths.tar -C t --transform='s,^x$,/top/x,' -P x
mkdir -p t/d/e
echo deep >t/d/e/f
pack -cf parents.tar -C t d/e/f
mkdir n
mknod n/char c 1 3
mknod n/block b 7 200
mkfifo n/fifo
chmod 640 n/char n/block n/fifo
pack -cf devices.tar -C n .
mkdir m
echo old >m/old
touch -d 1955-11-05T06:00:00Z m/old
touch -d 2242-03-16T00:00:00Z m/late
touch -d 2001-02-03T04:05:06.789Z m/part
tar --format=posix --sort=name --owner=3 --group=4 -cf times.tar -C m old late part
pack --format=posix --pax-option='SCHILY.xattr.user.color:=blue' -cf xattrs.tar -C m old
pack --format=posix --pax-option='comment=all of it,globexthdr.name=g' -cf global.tar -C m part
# A hard link to what the image has, and one to an earlier entry.
mkdir h
echo one >h/one; ln h/one h/two
pack -cf linked.tar -C h one two
tar --sort=name --mtime=@1400000000 --owner=3000000 --group=4000000 -cf big-ids.tar -C v file
rm -r s l u v t n m h
