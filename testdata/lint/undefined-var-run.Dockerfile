FROM alpine
RUN echo $foo
