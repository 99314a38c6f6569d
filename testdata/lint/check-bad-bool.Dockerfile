# check=error=maybe
FROM alpine AS X
