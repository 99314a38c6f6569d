mkdir -p d/sub e
echo a > a
chmod 640 a
echo b > d/b
chmod 700 d
chmod 711 d/sub
echo c > d/sub/c
chmod 4755 d/sub/c
touch empty
ln -s a la
ln -s d ld
ln -s nowhere dangling
ln -s ../a d/up
ln -s /etc/passwd d/abs
