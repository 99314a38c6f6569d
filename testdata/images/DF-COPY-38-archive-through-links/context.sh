mkdir -p t/d
echo a > t/d/a
tar -cf p.tar -C t d
rm -r t
mkdir -p u/l
echo b > u/l/b
echo c > u/f
tar -cf q.tar -C u l f
rm -r u
