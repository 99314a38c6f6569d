# something
FROM alpine AS x
# other
ARG A
