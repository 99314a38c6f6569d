FROM alpine
STOPSIGNAL ${sig:-TERM}
