# check=experimental=InvalidDefinitionDescription;skip=all
# something
FROM alpine AS x
ENV a b
