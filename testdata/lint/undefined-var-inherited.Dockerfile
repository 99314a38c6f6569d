FROM alpine AS a
ENV X=1
ARG Y
FROM a
COPY $X $Y $Z /
