mkdir "a b"; echo x > "a b/c d"; echo y > "é ü"; printf 'z' > "$(printf 'new\nline')"; echo q > 'quo"te'; echo bs > 'back\slash'
