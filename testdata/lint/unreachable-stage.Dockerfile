FROM alpine AS a
CMD x
FROM alpine AS B
CMD ["y"]
