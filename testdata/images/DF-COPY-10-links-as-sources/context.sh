mkdir -p d up
echo f > d/f
ln -s d/f l; ln -s d ld; ln -s l chain; ln -s /d/f out
