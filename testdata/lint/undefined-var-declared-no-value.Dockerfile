FROM alpine
ARG fo
COPY ${fo:-a} .
