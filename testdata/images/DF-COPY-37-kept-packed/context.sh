echo f > f
tar --numeric-owner --owner=1 --group=1 --mtime=@1500000000 -cf a.tar f
gzip -n a.tar
printf hello | gzip -n > one.gz
rm f
