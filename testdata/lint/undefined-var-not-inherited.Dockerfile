FROM alpine AS a
ENV X=1
FROM alpine
COPY $X /a
