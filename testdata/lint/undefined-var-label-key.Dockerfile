FROM alpine
LABEL $k=v x=$y
