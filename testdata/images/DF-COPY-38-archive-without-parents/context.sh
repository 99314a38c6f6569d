mkdir -p s/p/q
echo f > s/p/q/f; ln -s q s/p/l
tar -C s --numeric-owner --owner=9 --group=9 --mtime=@1500000000 -cf a.tar p/q/f p/l
rm -r s
