FROM ubuntu
MAINTAINER somebody
ENV DEBIAN_FRONTEND noninteractive
RUN apt-get update
RUN apt-get install -y curl \

  git
ADD . /app
WORKDIR app
EXPOSE 8080:80
CMD node server.js
