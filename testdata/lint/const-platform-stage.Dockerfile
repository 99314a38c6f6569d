FROM alpine AS a
FROM --platform=linux/amd64 a
