// A stand-in for dep: `dep ensure -vendor-only` copies the projects that Gopkg.lock names from GOPATH to vendor/.
// It asks nobody for anything, and does not look at revisions.
package main

import (
	"bufio"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	args := strings.Join(os.Args[1:], " ")
	if args == "version" {
		fmt.Println("dep: stand-in that copies from GOPATH")
		return
	}
	if args != "ensure -vendor-only" && args != "ensure --vendor-only" && args != "ensure -vendor-only -v" && args != "ensure -v -vendor-only" {
		fail(fmt.Errorf("this stand-in only knows `dep ensure -vendor-only`"))
	}
	projects, err := locked("Gopkg.lock")
	fail(err)
	fail(os.MkdirAll("vendor", 0o755))
	for _, project := range projects {
		from := filepath.Join(build.Default.GOPATH, "src", filepath.FromSlash(project))
		if _, err := os.Stat(from); err != nil {
			fail(fmt.Errorf("%s is locked, but is not in this image: %w", project, err))
		}
		fail(copyTree(from, filepath.Join("vendor", filepath.FromSlash(project))))
		fmt.Println("vendored", project)
	}
}

// locked lists the names of the [[projects]] tables.
func locked(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var names []string
	inProject := false
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			inProject = line == "[[projects]]"
		}
		key, value, found := strings.Cut(line, "=")
		if !inProject || !found || strings.TrimSpace(key) != "name" {
			continue
		}
		name, err := strconv.Unquote(strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, line, err)
		}
		names = append(names, name)
	}
	return names, lines.Err()
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, rest), 0o755)
		}
		return copyFile(path, filepath.Join(to, rest))
	})
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "dep:", err)
		os.Exit(1)
	}
}
