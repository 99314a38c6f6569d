echo a > a; printf 'a\n' > .dockerignore; touch my.Dockerfile.dockerignore; printf 'FROM scratch\nCOPY . /\n' > my.Dockerfile
