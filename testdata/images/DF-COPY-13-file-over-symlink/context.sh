mkdir d
echo a > d/l
echo b > d/m
