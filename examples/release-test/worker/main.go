// Worker does the arithmetic: `worker square N`.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	if len(os.Args) != 3 || os.Args[1] != "square" {
		fmt.Fprintln(os.Stderr, "usage: worker square N")
		os.Exit(2)
	}
	n, err := strconv.Atoi(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(2)
	}
	fmt.Println(n * n)
}
