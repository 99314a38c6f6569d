mkdir d1
echo a > d1/a
echo f > f
