mkdir -p "dé/e f"; printf x > "dé/e f/$(printf 'a\nb')"
d=$(printf %0100d 0 | tr 0 d); p=$d/$d/$d/$d/$d/$d/$d/$d; mkdir -p $p; echo deep > $p/f
echo l > $(printf %0200d 0 | tr 0 n); printf '\377' > sane
