mkdir a b
echo a > a/x
echo b > b/x
chmod 600 b/x
echo only > a/y
