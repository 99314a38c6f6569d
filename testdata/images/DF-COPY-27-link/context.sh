mkdir d
echo a > a
echo b > d/b
chmod 750 d
