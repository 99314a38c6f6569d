FROM alpine AS c
ENV a b
COPY ${} /x
