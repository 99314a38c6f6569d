ln -s /outside evil
echo p > x
tar -cf a.tar --owner=0 --group=0 --mtime=@1400000000 evil
tar -rf a.tar --owner=0 --group=0 --mtime=@1400000000 --transform 's,^x,evil/x,' x
tar -rPf a.tar --owner=0 --group=0 --mtime=@1400000000 --transform 's,^x,/absolute,' x
rm evil x
