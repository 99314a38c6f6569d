# check=skip=stagenamecasing
FROM alpine AS X
