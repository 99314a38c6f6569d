FROM alpine AS a
ONBUILD COPY $foo /
FROM a
