FROM alpine
ENTRYPOINT ["a"]
ENTRYPOINT ["b"]
CMD ["c"]
