truncate -s 131072 hole
printf x >> hole
truncate -s 400000 hole
