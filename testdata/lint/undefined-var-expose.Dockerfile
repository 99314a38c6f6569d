FROM alpine
EXPOSE ${port:-80} $q
