mkdir -p d/in
echo f > d/f
echo deep > d/in/x
ln -s d/f lf
ln -s d ld
