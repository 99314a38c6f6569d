mkdir real
echo x > real/f
ln -s real l
echo l > .dockerignore
