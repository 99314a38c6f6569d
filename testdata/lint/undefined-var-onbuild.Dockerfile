FROM alpine
ONBUILD COPY $foo /
