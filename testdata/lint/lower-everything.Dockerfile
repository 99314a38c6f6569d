from alpine as build
workdir /a
run x
from scratch
copy --from=build /a /a
cmd ["a"]
