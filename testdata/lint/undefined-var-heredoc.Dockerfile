FROM alpine
COPY <<EOF <<"Q" /x/
$a
EOF
$b
Q
