FROM alpine
ENV a b
LABEL c d e
