FROM alpine AS a
ONBUILD CMD hi
FROM a
CMD hi
