mkdir -p a/b/c x/y; echo 1 > a/b/c/f; echo 2 > a/b/g; echo 3 > x/y/z; echo 4 > top; chmod 750 a/b; ln -s a la
printf '*\n!a/b/c\n!x/**/z\n!la\n' > .dockerignore
