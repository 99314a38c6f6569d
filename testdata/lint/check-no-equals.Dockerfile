# check=skip
FROM alpine AS X
