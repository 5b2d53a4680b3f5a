// Package insidetest makes archives of layers for tests.
package insidetest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	fastgzip "github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Item is an entry of an archive. The type, the mode and the size of its header have defaults:
// a name that ends in a slash is a folder, one with a Linkname a symbolic link, others are files
// of the size of Body.
type Item struct {
	tar.Header
	Body string
}

// File is a file with content.
func File(name, body string) Item { return Item{Header: tar.Header{Name: name}, Body: body} }

// Folder is a folder.
func Folder(name string) Item {
	return Item{Header: tar.Header{Name: strings.TrimSuffix(name, "/") + "/"}}
}

// Symlink is a symbolic link.
func Symlink(name, target string) Item {
	return Item{Header: tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeSymlink}}
}

// Hardlink is another name of a file.
func Hardlink(name, target string) Item {
	return Item{Header: tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeLink}}
}

// Of returns an item of another type.
func Of(typeflag byte, name string) Item {
	return Item{Header: tar.Header{Name: name, Typeflag: typeflag}}
}

// At returns the item with a time.
func (i Item) At(t time.Time) Item {
	i.ModTime = t
	return i
}

// As returns the item with a mode and an owner.
func (i Item) As(mode int64, uid, gid int) Item {
	i.Mode, i.Uid, i.Gid = mode, uid, gid
	return i
}

// With returns the item with a PAX record, as SCHILY.xattr.user.a.
func (i Item) With(key, value string) Item {
	records := map[string]string{key: value}
	for k, v := range i.PAXRecords {
		records[k] = v
	}
	i.PAXRecords = records
	return i
}

// Then is the default time of entries.
var Then = time.Date(2024, time.May, 1, 12, 30, 15, 0, time.UTC)

// Tar writes an archive. It panics at an entry that archive/tar cannot write.
func Tar(items ...Item) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, i := range items {
		h := withDefaults(i.Header)
		h.Size = int64(len(i.Body))
		must(w.WriteHeader(&h))
		_, err := w.Write([]byte(i.Body))
		must(err)
	}
	must(w.Close())
	return b.Bytes()
}

func withDefaults(h tar.Header) tar.Header {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return h
	}
	if h.Typeflag == 0 {
		h.Typeflag = tar.TypeReg
		if strings.HasSuffix(h.Name, "/") {
			h.Typeflag = tar.TypeDir
		}
	}
	if h.Mode == 0 {
		h.Mode = 0o644
		if h.Typeflag == tar.TypeDir {
			h.Mode = 0o755
		}
	}
	if h.ModTime.IsZero() {
		h.ModTime = Then
	}
	return h
}

// Gzip packs an archive, in members of the given sizes and one with the rest.
func Gzip(raw []byte, members ...int) []byte {
	var b bytes.Buffer
	for _, size := range append(members, len(raw)) {
		size = min(size, len(raw))
		w := gzip.NewWriter(&b)
		_, err := w.Write(raw[:size])
		must(err)
		must(w.Close())
		if raw = raw[size:]; len(raw) == 0 {
			break
		}
	}
	return b.Bytes()
}

// Zstd packs an archive into one frame.
func Zstd(raw []byte) []byte {
	return zstdWriter().EncodeAll(raw, nil)
}

// zstdWriter takes long to make.
var zstdWriter = sync.OnceValue(func() *zstd.Encoder {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	must(err)
	return w
})

// SkippableFrame is a zstd frame without content for a decoder.
func SkippableFrame(content string) []byte {
	n := len(content)
	return append([]byte{0x5a, 0x2a, 0x4d, 0x18, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}, content...)
}

// Random returns about n entries as layers have them: files of a few sizes in nested folders,
// links, devices, whiteouts, some with extended attributes. A hard link has the attributes of its file.
// The same seed gives the same entries.
func Random(seed uint64, n int) []Item {
	r := rand.New(rand.NewPCG(seed, seed))
	folders := []string{""}
	files := []string{}
	items := make([]Item, 0, n)
	byName := map[string]int{}
	for len(items) < n {
		folder := folders[r.IntN(len(folders))]
		name := fmt.Sprintf("%s%s-%d", folder, []string{"lib", "data", "conf", "mod"}[r.IntN(4)], len(items))
		item := randomItem(r, name, files)
		switch item.Typeflag {
		case tar.TypeDir:
			folders = append(folders, item.Name)
		case tar.TypeReg:
			files = append(files, item.Name)
		}
		item = item.At(Then.Add(time.Duration(r.IntN(1e6))*time.Second)).As(item.Mode, r.IntN(3)*1000, r.IntN(2)*50)
		if item.Typeflag == tar.TypeLink { // as tools write it
			file := items[byName[item.Linkname]]
			item = item.At(file.ModTime).As(file.Mode, file.Uid, file.Gid)
			item.PAXRecords, item.Format = file.PAXRecords, file.Format
		}
		byName[item.Name] = len(items)
		items = append(items, item)
	}
	return items
}

func randomItem(r *rand.Rand, name string, files []string) Item {
	switch k := r.IntN(100); {
	case k < 12:
		i := Folder(name)
		i.Typeflag = tar.TypeDir
		return i
	case k < 20:
		return Symlink(name, "../"+name)
	case k < 24 && len(files) > 0:
		return Hardlink(name, files[r.IntN(len(files))])
	case k == 24:
		i := Of(tar.TypeChar, name)
		i.Devmajor, i.Devminor = int64(1+r.IntN(9)), int64(r.IntN(9))
		return i
	case k == 25:
		return Of(tar.TypeFifo, name)
	case k == 26:
		folder, last := name[:strings.LastIndexByte(name, '/')+1], name[strings.LastIndexByte(name, '/')+1:]
		return Of(tar.TypeReg, folder+".wh."+last)
	case k == 27:
		return File(name, randomText(r, 200)).With("SCHILY.xattr.user.note", name)
	}
	i := File(name, randomText(r, []int{0, 40, 900, 9000}[r.IntN(4)]))
	i.Typeflag = tar.TypeReg
	i.Mode = []int64{0o644, 0o755, 0o4755}[r.IntN(3)]
	return i
}

func randomText(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%x\n", r.Uint64())
	}
	return b.String()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// SparseFile is an archive of one file of zeros, of any size, as GNU tar writes it with --sparse:
// nothing of its content is in the archive.
func SparseFile(name string, size int64) []byte {
	block := make([]byte, 512)
	copy(block, name)
	copy(block[100:], "0000644\x000000000\x000000000\x0000000000000\x0014614313547\x00")
	block[156] = tar.TypeGNUSparse
	copy(block[257:], "ustar  \x00")
	base256(block[386:398], size) // the only part: it begins at the end, and is empty
	copy(block[398:], "00000000000\x00")
	base256(block[483:495], size)
	return append(Checksummed(block), make([]byte, 1024)...)
}

// base256 writes a number in the form of GNU tar for those that octal digits do not hold.
func base256(field []byte, n int64) {
	for i := len(field) - 1; i >= 0; i-- {
		field[i] = byte(n)
		n >>= 8
	}
	field[0] |= 0x80
}

// SetTime writes a time of any size into the header of an archive, which begins with it.
func SetTime(archive []byte, seconds int64) {
	base256(archive[136:148], seconds)
	Checksummed(archive)
}

// Checksummed writes the checksum of the header that an archive begins with.
func Checksummed(archive []byte) []byte {
	copy(archive[148:156], "        ")
	sum := 0
	for _, b := range archive[:512] {
		sum += int(b)
	}
	copy(archive[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return archive
}

// RandomTree returns n entries of a few names, which replace and delete each other: files, folders,
// whiteouts and opaque folders. No path has two entries.
func RandomTree(seed uint64, n int) []Item {
	r := rand.New(rand.NewPCG(seed, 1))
	kinds := map[string]byte{} // 'f' for files, 'd' for folders and those that others imply
	var items []Item
	for range n {
		parts := make([]string, 1+r.IntN(3))
		for i := range parts {
			parts[i] = string(rune('a' + r.IntN(3)))
		}
		if !impliesFolders(kinds, parts[:len(parts)-1]) {
			continue
		}
		path, folder := strings.Join(parts, "/"), strings.Join(parts[:len(parts)-1], "/")
		if folder != "" {
			folder += "/"
		}
		switch k := r.IntN(10); {
		case k < 2:
			items = append(items, File(folder+".wh."+parts[len(parts)-1], ""))
		case k == 2 && kinds[path] != 'f':
			kinds[path] = 'd'
			items = append(items, File(path+"/.wh..wh..opq", ""))
		case k < 5 && kinds[path] == 0:
			kinds[path] = 'D'
			items = append(items, Folder(path).As(0o700+int64(r.IntN(8)), 0, 0))
		case kinds[path] == 0:
			kinds[path] = 'f'
			items = append(items, File(path, fmt.Sprint(r.IntN(10))))
		}
	}
	return items
}

// impliesFolders marks the folders above an entry. It reports false if one of them is a file.
func impliesFolders(kinds map[string]byte, folders []string) bool {
	for i := range folders {
		if kinds[strings.Join(folders[:i+1], "/")] == 'f' {
			return false
		}
	}
	for i := range folders {
		if path := strings.Join(folders[:i+1], "/"); kinds[path] == 0 {
			kinds[path] = 'd'
		}
	}
	return true
}

// ReadLeast does the least that lists a layer of gzip and verifies it: it unpacks the blob, and hashes the blob, the archive and
// each file. Benchmarks compare the program with it.
func ReadLeast(layer io.Reader) error {
	blob, archive, file := sha256.New(), sha256.New(), sha256.New()
	in := bufio.NewReaderSize(io.TeeReader(layer, blob), 256<<10)
	z, err := fastgzip.NewReader(in)
	if err != nil {
		return err
	}
	unpacked := io.TeeReader(z, archive)
	sums := map[string]string{}
	t := tar.NewReader(unpacked)
	buffer := make([]byte, 64<<10)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		file.Reset()
		if _, err := io.CopyBuffer(struct{ io.Writer }{file}, struct{ io.Reader }{t}, buffer); err != nil {
			return err
		}
		sums[h.Name] = string(file.Sum(nil))
	}
	_, errArchive := io.Copy(io.Discard, unpacked)
	_, errBlob := io.Copy(io.Discard, in)
	blob.Sum(nil)
	archive.Sum(nil)
	return errors.Join(errArchive, errBlob)
}
