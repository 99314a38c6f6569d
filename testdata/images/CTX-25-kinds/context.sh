mkdir -p d/empty d/sub
echo f > d/f; ln -s f d/l; ln -s /etc/passwd d/abs; ln -s nothing d/dangling; ln d/f d/sub/hard; : > d/zero
