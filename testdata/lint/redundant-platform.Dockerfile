FROM --platform=$TARGETPLATFORM alpine
FROM --platform=${TARGETPLATFORM} alpine AS x
