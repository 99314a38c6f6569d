mkdir -p d/sub d/empty
chmod 711 d
chmod 2750 d/sub
chmod 700 d/empty
echo f > d/sub/f
