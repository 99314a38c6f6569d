FROM alpine
ONBUILD run a
onbuild run b
