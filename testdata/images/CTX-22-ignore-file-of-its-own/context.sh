mkdir nc
echo n > nc/n
echo m > nc/m
echo m > nc/.dockerignore
echo n > .dockerignore
