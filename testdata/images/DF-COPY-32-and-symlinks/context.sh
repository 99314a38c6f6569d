mkdir -p d/sub
echo f > d/f
ln -s f d/l
ln -s sub d/dl
echo g > d/sub/g
