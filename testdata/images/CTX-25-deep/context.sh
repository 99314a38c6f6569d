p=.; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do p=$p/d; mkdir $p; echo $i > $p/f$i; done
