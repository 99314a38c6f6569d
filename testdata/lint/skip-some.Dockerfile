# check=skip=StageNameCasing,LegacyKeyValueFormat
FROM alpine AS X
ENV a b
CMD x
