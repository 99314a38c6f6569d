mkdir -p a/b
echo 1 > a/b/c
ln -s c a/b/l
