mkdir -p d/sub
echo x > d/a
ln d/a d/b
ln d/a d/sub/c
echo y > e
ln e d/e
