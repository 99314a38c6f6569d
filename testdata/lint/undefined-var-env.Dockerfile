FROM alpine
ENV A=$B C=$A
ENV D=$A
