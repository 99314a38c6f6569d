mkdir -p d; echo 1 > d/x; echo 2 > y
printf '.\n' > .dockerignore
