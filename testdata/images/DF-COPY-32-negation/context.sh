mkdir -p d/sub/deep
echo k > d/keep
echo a > d/a.txt
echo b > d/b.txt
echo m > d/sub/deep/x.md
echo s > d/sub/k
echo n > d/sub/n
