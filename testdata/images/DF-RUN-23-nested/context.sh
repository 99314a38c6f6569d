mkdir -p d/in
echo 1 > d/f
echo 2 > d/in/g
