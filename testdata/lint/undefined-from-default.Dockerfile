FROM alpine:${TAG:-3.20}
