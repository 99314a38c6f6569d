mkdir -p nc/d nc/up
echo f > nc/d/f
ln -s f nc/d/l
ln -s d nc/dl
