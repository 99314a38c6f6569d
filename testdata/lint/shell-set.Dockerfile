FROM alpine
SHELL ["/bin/bash", "-c"]
CMD echo hi
