# check=skip=StageNameCasing;error=true
FROM alpine AS X
