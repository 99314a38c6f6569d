mkdir -p d1/s d2/s
echo 1 > d1/s/f
echo 2 > d2/s/f
echo 3 > d1/x
chmod 700 d2/s
chmod 600 d2/s/f
