FROM alpine
ENV A=$HTTP_PROXY B=$http_proxy
