FROM alpine
CMD echo hi
SHELL ["/bin/bash", "-c"]
