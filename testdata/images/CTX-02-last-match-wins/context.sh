mkdir -p dir; echo 1 > dir/keep; echo 2 > dir/x
printf '!dir/keep\ndir\n' > .dockerignore
