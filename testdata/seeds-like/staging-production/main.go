// Project reports the title of a page, and how many certificates its image trusts.
package main

import (
	"fmt"
	"io/ioutil"
	"strings"
)

func main() {
	certificates, err := ioutil.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		fmt.Println("no certificates:", err)
	}
	fmt.Println("title:", title("<html><head><title>Project</title></head></html>"))
	fmt.Println("trusts some:", strings.Count(string(certificates), "BEGIN CERTIFICATE") > 50)
}
