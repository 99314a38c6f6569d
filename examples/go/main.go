// Inventory lists the files of the image it runs in.
package main

import (
	"fmt"
	"os"
)

func main() {
	files, err := Inventory(os.DirFS("/"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "inventory:", err)
		os.Exit(1)
	}
	for _, file := range files {
		fmt.Printf("%10d  /%s\n", file.Size, file.Path)
	}
	fmt.Printf("%d file(s) of this image\n", len(files))
}
