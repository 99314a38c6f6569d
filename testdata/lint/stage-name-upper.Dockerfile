FROM alpine AS Base
FROM alpine AS BASE2
