package packages

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	pathpkg "path"
	"regexp"
	"strings"

	"github.com/klauspost/compress/flate"
)

var zipMagic = []byte("PK\x03\x04")

func isJarName(name string) bool {
	switch strings.ToLower(pathpkg.Ext(name)) {
	case ".jar", ".war", ".ear":
		return true
	}
	return false
}

// openJar reads a jar, which is a zip archive. Maven writes META-INF/maven/GROUP/ARTIFACT/pom.properties for
// each package that a jar holds. Without one META-INF/MANIFEST.MF may say the version, and the
// name of the file both. Jars inside of the jar are read too.
func openJar(r *reading) io.WriteCloser {
	r.is(Java)
	return r.whole(MaxJar, func(content []byte) {
		if r.c.jarBytes == 0 {
			r.c.jarBytes = JarFree
		}
		r.c.jarBytes += JarRatio * int64(len(content))
		j := jar{r: r, content: content, path: r.path, room: MaxJar}
		j.read()
		if own := r.c.files[r.file].Packages; len(own) == 1 {
			if id, ok := r.owner(Owner{Kind: Java, Name: own[0].Name, Place: own[0].Place}, ""); ok {
				r.owns(id, []byte(r.path))
			}
		}
	})
}

// jar is a jar that is being read.
type jar struct {
	r       *reading
	content []byte
	path    string // of the file, with that in the jar
	depth   int    // how many jars it is in
	room    int    // how many bytes may be unpacked at once

	found    bool // a pom.properties
	manifest zipEntry
}

// MaxPom is the size of a pom.properties that is read, in bytes.
const MaxPom = 64 << 10

const maxManifest = 1 << 20

// read reads a jar.
func (j *jar) read() {
	err := eachZipEntry(j.content, j.entry)
	if err != nil {
		text := "is not a valid zip archive"
		if j.depth > 0 {
			text = "holds a jar that is not a valid zip archive"
		}
		j.r.problem(text)
		if !errors.Is(err, errZipEntry) {
			return
		}
	}
	if j.found {
		return
	}
	place, file := split(j.path)
	name, version := jarName(strings.TrimSuffix(file, pathpkg.Ext(file)))
	if stated := j.statedVersion(); stated != "" {
		version = stated
	}
	j.r.add(Package{Name: name, Version: version, Place: place})
}

// entry reads what an entry of the jar says of packages.
func (j *jar) entry(e zipEntry) {
	name := string(e.name)
	switch {
	case name == "META-INF/MANIFEST.MF":
		j.manifest = e
	case strings.HasPrefix(name, "META-INF/maven/") && strings.HasSuffix(name, "/pom.properties"):
		j.pom(e)
	case isJarName(name):
		j.nested(e, name)
	}
}

// pom reads a pom.properties.
func (j *jar) pom(e zipEntry) {
	content, ok := j.unpack(e, MaxPom)
	if !ok {
		return
	}
	values := properties(content, '=')
	group, artifact, version := values["groupId"], values["artifactId"], values["version"]
	if artifact == "" || version == "" {
		return
	}
	if group != "" {
		artifact = group + ":" + artifact
	}
	j.found = true
	place, _ := split(j.path)
	j.r.add(Package{Name: artifact, Version: version, Place: place})
}

// nested reads a jar in the jar.
func (j *jar) nested(e zipEntry, name string) {
	if j.depth >= MaxJarDepth {
		j.r.problem("holds jars inside of jars, which are read to a depth of 3")
		return
	}
	content, ok := j.unpack(e, j.room)
	if !ok {
		return
	}
	inner := jar{r: j.r, content: content, path: j.path + pathpkg.Clean("/"+name), depth: j.depth + 1, room: j.room}
	if e.packed {
		inner.room -= len(content)
	}
	inner.read()
}

// unpack returns the content of an entry of at most max bytes.
func (j *jar) unpack(e zipEntry, max int) ([]byte, bool) {
	c := j.r.c
	if int64(e.size) > int64(max) || int64(e.size) > c.jarBytes {
		j.r.problem("unpacks to more than is read of a jar")
		return nil, false
	}
	c.jarBytes -= int64(e.size) + 1
	content, err := e.content()
	if err != nil {
		j.r.problem("holds an entry that cannot be unpacked")
		return nil, false
	}
	return content, true
}

// statedVersion returns the version of the manifest, "" if it has none.
func (j *jar) statedVersion() string {
	if j.manifest.name == nil {
		return ""
	}
	content, ok := j.unpack(j.manifest, maxManifest)
	if !ok {
		return ""
	}
	main, _, _ := bytes.Cut(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	values := properties(main, ':')
	for _, name := range []string{"Implementation-Version", "Bundle-Version"} {
		if v := values[name]; v != "" && !strings.Contains(v, "${") { // a pattern that the build did not fill in
			return v
		}
	}
	return ""
}

// properties reads lines of a name, a separator and a value. The first value of a name counts.
func properties(content []byte, separator byte) map[string]string {
	values := map[string]string{}
	for line := range bytes.Lines(content) {
		name, value, ok := bytes.Cut(line, []byte{separator})
		if !ok || len(name) > MaxText || len(value) > MaxText || len(line) > 0 && (line[0] == '#' || line[0] == ' ') {
			continue
		}
		if key := string(bytes.TrimSpace(name)); values[key] == "" {
			values[key] = string(bytes.TrimSpace(value))
		}
	}
	return values
}

// jarFile is NAME-VERSION, as Maven names files.
var jarFile = regexp.MustCompile(`^(.+?)-([0-9][0-9A-Za-z.+_-]*)$`)

func jarName(file string) (name, version string) {
	if len(file) <= MaxText {
		if m := jarFile.FindStringSubmatch(file); m != nil {
			return m[1], m[2]
		}
	}
	return file, ""
}

// zipEntry is an entry of the directory of a zip archive.
type zipEntry struct {
	name   []byte
	data   []byte // as it is in the archive
	packed bool   // by deflate
	size   int    // unpacked, as the directory claims
}

var (
	errZip      = errors.New("not a zip archive")
	errZipEntry = errors.New("an entry of a zip archive is outside of it")
)

// The records of a zip archive (PKWARE's APPNOTE.TXT, 4.3). Numbers are little endian.
const (
	zipEnd        = 22 // bytes of the end of the central directory
	zipHeader     = 46 // bytes of a header of the central directory, before the name
	zipLocal      = 30 // bytes of a local header, before the name
	zipComment    = 1<<16 - 1
	methodStored  = 0
	methodDeflate = 8
)

// eachZipEntry calls each for the entries of the central directory of a zip archive, in its order. It keeps
// nothing of them: a directory can have 700,000. Entries that are packed in other ways are left out.
// The error errZipEntry says that some entries were left out, another one that all were.
func eachZipEntry(archive []byte, each func(zipEntry)) error {
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	from := max(0, len(archive)-zipEnd-zipComment)
	at := bytes.LastIndex(archive[from:], []byte("PK\x05\x06"))
	if at < 0 || from+at+zipEnd > len(archive) {
		return errZip
	}
	at += from
	length, offset := int64(u32(archive[at+12:])), int64(u32(archive[at+16:]))
	start := int64(at) - length
	before := start - offset // bytes before the archive, as those of a program that starts it
	if before < 0 {
		return errZip
	}
	var wrong error
	for directory := archive[start:at]; len(directory) >= zipHeader && string(directory[:4]) == "PK\x01\x02"; {
		name := int(u16(directory[28:]))
		next := zipHeader + name + int(u16(directory[30:])) + int(u16(directory[32:]))
		if next > len(directory) {
			return errZipEntry
		}
		method, packed, size := u16(directory[10:]), int64(u32(directory[20:])), int(u32(directory[24:]))
		e := zipEntry{name: directory[zipHeader : zipHeader+name], packed: method == methodDeflate, size: size}
		local := before + int64(u32(directory[42:]))
		directory = directory[next:]
		if method != methodStored && method != methodDeflate {
			continue
		}
		if local < 0 || local+zipLocal > start || string(archive[local:local+4]) != "PK\x03\x04" {
			wrong = errZipEntry
			continue
		}
		data := local + zipLocal + int64(u16(archive[local+26:])) + int64(u16(archive[local+28:]))
		if data+packed > start {
			wrong = errZipEntry
			continue
		}
		e.data = archive[data : data+packed]
		each(e)
	}
	return wrong
}

// content returns the unpacked content of an entry, which is not more than it claims.
func (e zipEntry) content() ([]byte, error) {
	if !e.packed {
		if len(e.data) != e.size {
			return nil, errZipEntry
		}
		return e.data, nil
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(flate.NewReader(bytes.NewReader(e.data)), int64(e.size)+1))
	if err != nil {
		return nil, err
	}
	if n != int64(e.size) {
		return nil, errZipEntry
	}
	return b.Bytes(), nil
}
