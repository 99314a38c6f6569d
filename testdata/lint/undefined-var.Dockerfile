FROM alpine
COPY $foo .
