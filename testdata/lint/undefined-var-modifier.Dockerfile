FROM alpine
COPY ${foo:-a} ${bar:+x} .
