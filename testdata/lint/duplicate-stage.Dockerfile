FROM alpine AS a
FROM alpine AS A
FROM busybox AS a
