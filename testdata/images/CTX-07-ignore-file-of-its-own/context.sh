echo a > a; echo b > b; printf 'a\n' > .dockerignore; printf 'b\n' > my.Dockerfile.dockerignore; printf 'FROM scratch\nCOPY . /\n' > my.Dockerfile
