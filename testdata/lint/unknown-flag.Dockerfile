FROM alpine AS X
ENV a b
COPY --form=a b c
