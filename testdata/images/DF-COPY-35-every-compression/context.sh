mkdir d d/sub
seq 1 20000 >d/sub/numbers
echo a >d/a
ln -s a d/l
ln d/a d/h
chown -R 1:2 d
tar --sort=name --mtime=@1400000000 -cf plain d
rm -r d
for program in gzip:gz bzip2:bz2 xz:xz zstd:zst; do
  name=${program#*:}
  program=${program%:*}
  $program -c <plain >t.$name
  # Two streams, cut in the middle of a file.
  { head -c 40000 plain | $program -c; tail -c +40001 plain | $program -c; } >two.$name
  { cat t.$name; echo 'something else'; } >behind.$name
done
mv t.gz t2.gz
gzip -9 <plain >t.gz
{ cat plain; echo 'something else'; } >behind
{ printf 'P*M\030\003\000\000\000abc'; cat t.zst; printf 'Z*M\030\000\000\000\000'; } >skippable.zst
# Compressed files that are no archives.
echo H4sIAAAAAAAAA8vPS+UCAJ+oF/gEAAAA | base64 -d >one.gz
echo QlpoOTFBWSZTWXgTwIIAAAHBAAAQAgGgACGaaDNNDLxdyRThQkHgTwII | base64 -d >one.bz2
echo /Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQADb25lCgD1XLtWH8b9hgABHARvLJzBH7bzfQEAAAAABFla | base64 -d >one.xz
echo KLUv/QRYIQAAb25lCt8WaAk= | base64 -d >one.zst
