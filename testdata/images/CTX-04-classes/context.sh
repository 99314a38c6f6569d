for f in a1 a2 b1 'x*' 'x1' 'y?z' yaz '[q]' q é ü1; do echo > "$f"; done
printf '[ab]1\nx\\*\ny\\?z\n[^a-z]q]\né\n' > .dockerignore
