FROM alpine
COPY $a$a $a /x
