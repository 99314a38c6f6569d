FROM alpine
ARG $a=1
