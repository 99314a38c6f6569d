mkdir -p s/d s/l s/new/deep
echo new > s/d/f; chmod 640 s/d/f; chmod 750 s/d; echo g > s/l/g; echo h > s/new/deep/h
echo file > s/x2; chmod 4755 s/x2; ln s/x2 s/x3
tar -C s --sort=name --numeric-owner --owner=9 --group=9 --mtime=@1500000000 -cf a.tar .
rm -r s
