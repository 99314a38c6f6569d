echo a > "a b"
