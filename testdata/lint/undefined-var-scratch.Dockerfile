FROM scratch
ENV A=$PATH
