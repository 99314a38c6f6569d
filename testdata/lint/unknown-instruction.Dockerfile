FROM alpine AS X
ENV a b
RUM x
