FROM alpine
RUN a \
  # x
  b
CMD x
