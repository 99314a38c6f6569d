// One asks zero, and counts on.
package main

import (
	"fmt"
	"os"
	"os/exec"
)

func main() {
	out, err := exec.Command("/bin/zero").Output()
	if err != nil || string(out) != "zero\n" {
		fmt.Fprintf(os.Stderr, "one: zero said %q (%v)\n", out, err)
		os.Exit(1)
	}
	fmt.Println("zero, one")
}
