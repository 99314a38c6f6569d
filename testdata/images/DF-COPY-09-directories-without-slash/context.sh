mkdir d1 d2
echo a > d1/a
echo b > d2/b
