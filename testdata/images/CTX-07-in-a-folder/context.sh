mkdir docker; echo a > a; echo b > b; printf 'a\n' > .dockerignore; printf 'b\n' > docker/prod.Dockerfile.dockerignore; printf 'FROM scratch\nCOPY . /\n' > docker/prod.Dockerfile
