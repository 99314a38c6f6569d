mkdir odd
cd odd
for name in ' lead' 'trail ' 'back\slash' '[x]' '..dots' '-dash' '~' '#hash' "q'u\"o" '*' '?' 'a:b' 'c,d' '%41' '&amp;' '...'; do echo x > "./$name"; done
