mkdir d
echo 1 > "d/ünï"
echo 2 > "d/$(printf 'x\ny')"
