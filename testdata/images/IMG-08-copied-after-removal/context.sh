mkdir d
echo n > d/n
