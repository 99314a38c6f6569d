mkdir -p d/s
echo f > d/f
echo g > d/s/g
chmod 640 d/f
chown 5:6 d/f
ln -s d/f lf
ln -s d ld
