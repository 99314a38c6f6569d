FROM alpine
USER $u:$g
VOLUME $v /$w
