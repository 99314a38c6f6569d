// Api asks the worker beside it and answers in JSON. Without arguments it checks itself.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

func main() {
	args := os.Args[1:]
	if len(args) == 0 {
		args = []string{"square", "7"}
	}
	out, err := exec.Command("/bin/worker", args...).Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "api: the worker refused:", err)
		os.Exit(1)
	}
	answer, err := json.Marshal(map[string]json.Number{"result": json.Number(strings.TrimSpace(string(out)))})
	if err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
	fmt.Println(string(answer))
}
