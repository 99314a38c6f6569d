# check=experimental=all
# something
FROM alpine AS x
# other
ARG A
# B is b
ARG B=1
# D is d
ARG C D
# nothing
ARG E F
# x
FROM alpine

# z y

FROM alpine AS y
#
ARG G
# a
#
# G g
ARG G
