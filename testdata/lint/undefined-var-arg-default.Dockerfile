FROM alpine
ARG a=$b c=$a
ARG d=$e
