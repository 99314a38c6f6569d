ARG P=$TARGETPLATFORM
FROM --platform=$P alpine
