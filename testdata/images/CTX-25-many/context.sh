mkdir m
i=100; while [ $i -lt 400 ]; do : > m/$i; i=$((i+1)); done
