package main

import (
	"io/fs"
)

// File is one regular file of an image.
type File struct {
	Path string
	Size int64
}

// What the runtime puts there, and the image does not have.
var notOfTheImage = map[string]bool{
	"proc": true, "sys": true, "dev": true,
	"etc/hosts": true, "etc/hostname": true, "etc/resolv.conf": true, ".dockerenv": true,
}

// Inventory lists the regular files of root, in the order of their paths.
func Inventory(root fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case notOfTheImage[path] && entry.IsDir():
			return fs.SkipDir
		case notOfTheImage[path] || !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		files = append(files, File{path, info.Size()})
		return nil
	})
	return files, err
}
