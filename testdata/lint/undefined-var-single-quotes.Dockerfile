FROM alpine
ENV A='$x' B="$y" C=\$z
