module example.org/inventory

go 1.16
