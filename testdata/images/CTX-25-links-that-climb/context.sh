mkdir d
ln -s /etc/hostname d/h
ln -s ../../../../etc/hostname d/r
ln -s . d/self
echo x > f
ln -s ../f d/ok
