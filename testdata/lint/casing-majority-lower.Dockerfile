from alpine
run a
RUN b
