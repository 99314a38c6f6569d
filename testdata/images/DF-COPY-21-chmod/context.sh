mkdir -p d/sub
echo a > a
echo b > d/sub/b
ln -s b d/sub/l
chmod 755 a
chmod 4750 d/sub/b
