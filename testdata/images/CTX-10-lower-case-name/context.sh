echo a > a; printf 'FROM scratch\nCOPY a /\n' > dockerfile
