echo f > f
mkdir -m 700 d
echo g > d/g
mkdir -m 711 d/w
