# check=error=true
FROM alpine AS X
ENV a b
