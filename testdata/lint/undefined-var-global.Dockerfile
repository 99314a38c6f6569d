ARG G=1
FROM alpine
COPY $G /a
ARG G
COPY $G /b
