mkdir -p d/sub
echo 1 > d/a.txt
echo 2 > d/b.md
echo 3 > d/sub/a.txt
echo 4 > d/sub/k
echo 5 > top.txt
mkdir d/e
echo 6 > d/e/only.txt
