FROM alpine
ENV TOKEN x
