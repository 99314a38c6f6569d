FROM alpine AS a
ONBUILD ENV a b
FROM a
