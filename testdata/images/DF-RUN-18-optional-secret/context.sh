echo topsecret > s.txt
