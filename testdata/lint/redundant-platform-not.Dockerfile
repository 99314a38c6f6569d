FROM --platform=$BUILDPLATFORM alpine
FROM --platform=linux/$TARGETARCH alpine
FROM --platform=${TARGETPLATFORM:-linux/amd64} alpine
