FROM alpine
ENV Foo=1
ENV B=$FOO
