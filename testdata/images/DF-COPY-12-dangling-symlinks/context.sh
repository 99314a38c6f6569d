mkdir d
echo a > a
echo b > d/b
