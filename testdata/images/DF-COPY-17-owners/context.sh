mkdir d
echo a > a
echo b > d/b
chown -R 55:66 .
