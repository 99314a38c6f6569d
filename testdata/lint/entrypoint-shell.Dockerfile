FROM alpine
ENTRYPOINT echo hi
CMD ["a"]
