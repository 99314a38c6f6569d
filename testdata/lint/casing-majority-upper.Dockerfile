FROM alpine
run a
RUN b
Run c
