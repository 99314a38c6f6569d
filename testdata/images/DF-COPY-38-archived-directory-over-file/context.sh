mkdir -p t/d
echo a > t/d/x
tar -cf p.tar -C t d
rm -r t
