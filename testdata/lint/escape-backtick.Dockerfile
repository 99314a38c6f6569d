# escape=`
FROM alpine
ENV A=`$x B=$y
RUN a `

  b
