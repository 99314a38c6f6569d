mkdir -p t
echo a > t/d
tar -cf p.tar -C t d
rm -r t
