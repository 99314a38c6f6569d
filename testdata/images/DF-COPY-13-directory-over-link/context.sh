mkdir -p d/sub
echo f > d/f
echo s > d/sub/s
echo 2 > f2
