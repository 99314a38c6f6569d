mkdir -p d/x d/y/z
echo 1 > d/x/f.txt
echo 2 > d/y/f.txt
echo 3 > d/y/z/f.txt
echo a > a.txt
echo b > b.txt
echo e > .env
echo '[' > '[0].txt'
echo q > 'q?.txt'
echo st > '*.star'
mkdir dd1 dd2
echo 1 > dd1/one
echo 2 > dd2/two
echo "-" > -dash
