mkdir -p d/sub/x
echo 1 > d/sub/a
echo 2 > d/sub/x/b
echo 3 > d/k
