FROM alpine
VOLUME ["/$v"]
