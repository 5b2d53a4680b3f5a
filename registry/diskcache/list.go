package diskcache

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"
)

// Lists of the files in layers are kept by the digest of the blob that was read, for all
// repositories: what a blob holds does not depend on where it is. A manifest that names the
// digest allows to read the list. The list itself says which blob it is of, and has a checksum.

// MaxListFile limits the file of one list, in bytes: more would push too much else out of the
// cache. A list takes about 35 bytes for each file in the layer.
const MaxListFile = MaxSize / 4

// listFolder is the folder of the lists below that of the cache.
const listFolder = "layers"

func (c *Cache) listPath(blob digest.Digest) string {
	sum := sha256.Sum256([]byte(blob))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(c.dir, listFolder, name[:2], name[2:])
}

// List returns what PutList has written for a blob, in this or an earlier run. The caller must
// check it.
func (c *Cache) List(blob digest.Digest) ([]byte, bool) {
	if c.dir == "" {
		return nil, false
	}
	path := c.listPath(blob)
	content, used, err := readDocument(path, MaxListFile)
	if err != nil {
		return nil, false // PutList replaces a file that cannot be read
	}
	if time.Since(used).Abs() > TouchInterval {
		touch(path)
	}
	return content, true
}

// PutList writes the list of a blob later. It never waits. content is called in another
// goroutine.
func (c *Cache) PutList(blob digest.Digest, content func() ([]byte, error)) {
	c.putLater(newFile{c.listPath(blob), func() ([]byte, bool) {
		list, err := content()
		return list, err == nil && len(list) <= MaxListFile
	}})
}
