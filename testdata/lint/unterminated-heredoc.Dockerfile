FROM alpine AS X
RUN <<EOF
a
