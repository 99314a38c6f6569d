# check=skip=all
FROM alpine AS X
ENV a b
