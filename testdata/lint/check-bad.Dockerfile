# check=foo=bar
FROM alpine AS X
