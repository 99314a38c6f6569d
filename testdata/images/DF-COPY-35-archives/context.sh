mkdir -p t/sub
echo a > t/a
echo s > t/sub/s
ln -s a t/l
ln t/a t/h
ln -s /etc t/abs
mkfifo t/p
chown -R 5:6 t
chmod 700 t t/sub
chmod 4755 t/a
tar --sort=name --mtime=@1400000000 -cf p.tar -C t .
gzip -nk p.tar
cp p.tar.gz noext
tar --format=gnu --sort=name --mtime=@1400000000 -cf gnu.tar -C t sub a
tar --format=pax --sort=name --mtime=@1400000000 -cf pax.tar -C t ./sub
echo nottar > fake.tar
echo x | gzip -n > x.gz
mkdir -p top/dir
echo y > top/dir/f
tar --sort=name --mtime=@1400000000 --owner=7 --group=8 --mode=700 -cf rootmode.tar -C top .
rm -r t top
mkdir dir
cp p.tar dir/
: > empty.tar
head -c 10240 /dev/zero > zero.tar
