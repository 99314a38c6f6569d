echo 2 > y
printf '.\n' > .dockerignore
