FROM alpine
MAINTAINER me <me@example.test>
