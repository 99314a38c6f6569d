package release

import (
	"crypto/sha256"
	"fmt"
	"io/ioutil"
	"os/exec"
	"testing"
)

// The line this prints is how a reader of the log knows which files were tested.
func digest(t *testing.T, path string) {
	data, err := ioutil.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("tested %s sha256:%x\n", path, sha256.Sum256(data))
}

func TestProgramsWorkTogether(t *testing.T) {
	digest(t, "/bin/zero")
	digest(t, "/bin/one")
	out, err := exec.Command("/bin/one").CombinedOutput()
	if err != nil || string(out) != "zero, one\n" {
		t.Fatalf("/bin/one said %q (%v)", out, err)
	}
}
