FROM alpine
RUN a
copy a \
  b \
  /c
