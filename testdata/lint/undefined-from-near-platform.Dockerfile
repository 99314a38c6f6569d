FROM --platform=${TARGETPLATFORMM:-linux/amd64} alpine
