FROM alpine
ENV X hello $Y
