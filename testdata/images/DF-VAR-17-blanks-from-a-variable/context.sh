echo a > 'a b'
