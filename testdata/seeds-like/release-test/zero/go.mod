module example.org/zero

go 1.16
