FROM alpine
ENV D=/x
WORKDIR $D/y
