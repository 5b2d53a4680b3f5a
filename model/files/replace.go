package files

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace writes content to a temporary file in the folder of path and renames it
// to path. A reader therefore sees the old file or the new one, never a part of
// either, also with several writers: the last rename counts. The name of the
// temporary file begins with tempPrefix; one is left behind only if the process
// ends between the two steps. The folder must exist. The file has mode 0600.
//
// Replace does not sync: after a crash of the machine the file may be empty.
func Replace(path, tempPrefix string, content []byte) error {
	_, err := replace(path, tempPrefix, content, false)
	return err
}

// ReplaceSynced is Replace for content that must survive a crash of the machine:
// the content is on disk before the rename. It returns the file info of the new
// file, which identifies it for os.SameFile.
func ReplaceSynced(path, tempPrefix string, content []byte) (os.FileInfo, error) {
	return replace(path, tempPrefix, content, true)
}

func replace(path, tempPrefix string, content []byte, sync bool) (os.FileInfo, error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	if err != nil {
		return nil, err
	}
	_, err = tmp.Write(content)
	if err == nil && sync {
		err = tmp.Sync()
	}
	info, statErr := tmp.Stat()
	if err = errors.Join(err, statErr, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // best effort: the error that matters is err
		return nil, err
	}
	return info, nil
}
