FROM alpine
ENV TOKEN=x
ENV a_passwd=b api_key=c
