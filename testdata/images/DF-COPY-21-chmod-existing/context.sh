mkdir -p d/sub
echo f > d/sub/f
echo f > f
chmod 640 f
chmod 751 d/sub
