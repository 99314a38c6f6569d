FROM alpine
MAINTAINER a
maintainer b
