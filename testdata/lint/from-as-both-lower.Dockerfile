from alpine as b
