mkdir -p d/sub/deep
echo a > d/a
echo b > d/sub/b
echo c > d/sub/deep/c
