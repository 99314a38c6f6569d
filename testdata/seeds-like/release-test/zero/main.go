// Zero says what it is.
package main

import "fmt"

func main() { fmt.Println("zero") }
