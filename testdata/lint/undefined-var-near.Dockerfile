FROM alpine
ARG foo=a
COPY $fo .
