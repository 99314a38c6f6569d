FROM alpine AS X
ENV a b
