FROM alpine AS a
CMD ["a"]
FROM a
CMD ["b"]
