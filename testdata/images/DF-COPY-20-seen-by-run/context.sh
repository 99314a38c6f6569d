mkdir -p d/e
echo a > d/e/a
chmod 711 d/e
