FROM alpine AS X
ENV a b
COPY x
