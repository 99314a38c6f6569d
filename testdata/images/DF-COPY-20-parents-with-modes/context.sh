echo a > a
mkdir -m 750 d
echo f > d/f
