package rpmdb

import (
	"bytes"
	"encoding/binary"
	"path"
	"strconv"
	"strings"
)

// The tags of a header that are read, from rpm's rpmtag.h.
const (
	tagName         = 1000
	tagVersion      = 1001
	tagRelease      = 1002
	tagEpoch        = 1003
	tagArch         = 1022
	tagOldFilenames = 1027 // whole paths, in packages made before 1999
	tagFileStates   = 1029
	tagFileModes    = 1030
	tagSourceRPM    = 1044
	tagDirIndexes   = 1116
	tagBasenames    = 1117
	tagDirNames     = 1118
)

// The types of values in a header.
const (
	typeChar        = 1
	typeInt16       = 3
	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
)

// wanted are the tags that are read, with the type that each must have.
var wanted = [...]struct{ tag, kind uint32 }{
	{tagName, typeString}, {tagVersion, typeString}, {tagRelease, typeString}, {tagEpoch, typeInt32},
	{tagArch, typeString}, {tagOldFilenames, typeStringArray}, {tagFileStates, typeChar},
	{tagFileModes, typeInt16}, {tagSourceRPM, typeString}, {tagDirIndexes, typeInt32},
	{tagBasenames, typeStringArray}, {tagDirNames, typeStringArray},
}

// value is where a tag has its values: count of them, from the first byte of data on.
type value struct {
	data  []byte
	count int
}

// header is what is read of the header of a package, by the places in wanted.
type header [len(wanted)]value

// parseHeader reads a header as rpm's databases hold it, without the magic number that package files
// have: two numbers, an index of 16 bytes for each tag, and the data that the index refers to,
// all in big endian. The layout is that of rpm's docs/manual/format_header.md.
func parseHeader(raw []byte) (h header, ok bool) {
	const intro, entry = 8, 16
	if len(raw) < intro {
		return h, false
	}
	tags, size := int64(binary.BigEndian.Uint32(raw)), int64(binary.BigEndian.Uint32(raw[4:]))
	if intro+tags*entry+size > int64(len(raw)) {
		return h, false
	}
	data := raw[intro+tags*entry:][:size]
	for i := range tags {
		e := raw[intro+i*entry:]
		tag, kind := binary.BigEndian.Uint32(e), binary.BigEndian.Uint32(e[4:])
		offset, count := int64(binary.BigEndian.Uint32(e[8:])), int64(binary.BigEndian.Uint32(e[12:]))
		place := placeOf(tag)
		if place < 0 {
			continue
		}
		// No value is smaller than a byte.
		if kind != wanted[place].kind || offset > size || count > size-offset {
			return h, false
		}
		// What rpm adds while it installs stands behind the index of the package, and counts.
		h[place] = value{data[offset:], int(count)}
	}
	return h, true
}

// placeOf returns the place of a tag in wanted, -1 if it is not read.
func placeOf(tag uint32) int {
	if tag < tagName || tag > tagDirNames {
		return -1
	}
	for i := range wanted {
		if wanted[i].tag == tag {
			return i
		}
	}
	return -1
}

// of returns the value of a tag that is in wanted.
func (h *header) of(tag uint32) value { return h[placeOf(tag)] }

// text returns the text of a tag, "" without.
func (h *header) text(tag uint32) string {
	v := h.of(tag)
	if v.count == 0 {
		return ""
	}
	text, _, _ := bytes.Cut(v.data, []byte{0})
	return string(text[:min(len(text), maxText+1)])
}

// pkg returns the package that a header describes. It reports false if the header has no name or no
// version.
func (h *header) pkg() (Package, bool) {
	epoch := ""
	if n, ok := h.of(tagEpoch).number(0); ok {
		epoch = strconv.FormatUint(uint64(n), 10)
	}
	return newPackage(h.text(tagName), epoch, h.text(tagVersion), h.text(tagRelease), h.text(tagArch), h.text(tagSourceRPM))
}

// number returns the i-th number of 32 bits.
func (v value) number(i int) (uint32, bool) {
	if i >= v.count || 4*i+4 > len(v.data) {
		return 0, false
	}
	return binary.BigEndian.Uint32(v.data[4*i:]), true
}

// nextText cuts the next text off the texts of an array.
func (v *value) nextText() (text []byte, ok bool) {
	end := bytes.IndexByte(v.data, 0)
	if v.count == 0 || end < 0 {
		return nil, false
	}
	text, v.data = v.data[:end], v.data[end+1:]
	v.count--
	return text, true
}

// installed reports whether rpm put the i-th file in place, by its state: it did not if a file of another
// package replaced it, if it was left out as documentation is in many images, or if it is of another architecture.
func (h *header) installed(i int) bool {
	states := h.of(tagFileStates)
	return i >= states.count || states.data[i] == 0
}

// isFolder reports whether the i-th file is a folder.
func (h *header) isFolder(i int) bool {
	const typeMask, folder = 0o170000, 0o040000
	modes := h.of(tagFileModes)
	return i < modes.count && 2*i+2 <= len(modes.data) &&
		binary.BigEndian.Uint16(modes.data[2*i:])&typeMask == folder
}

// files hands the paths of the package's files on, until yield is false or there were too many.
func (h *header) files(d *database, yield func([]byte) bool) {
	give := func(i int, p []byte) bool {
		if len(p) == 0 || !h.installed(i) || h.isFolder(i) {
			return true
		}
		d.pathsLeft -= len(p)
		if d.pathsLeft < 0 {
			d.stop("is damaged: its packages have more files than it can describe")
			return false
		}
		return yield(p)
	}
	folders, names, indexes := h.folders(), h.of(tagBasenames), h.of(tagDirIndexes)
	for i := range names.count {
		name, ok := names.nextText()
		index, known := indexes.number(i)
		if !ok || !known || int(index) >= len(folders) {
			d.lost++
			return
		}
		d.path = appendPath(d.path[:0], folders[index], name)
		if !give(i, d.path) {
			return
		}
	}
	old := h.of(tagOldFilenames)
	for i := range old.count {
		name, ok := old.nextText()
		if !ok {
			d.lost++
			return
		}
		d.path = append(d.path[:0], cleaned(name)...)
		if !give(i, d.path) {
			return
		}
	}
}

// folders returns the clean names of the folders of the package, with a slash behind each but the
// root. It returns at most MaxFolders.
func (h *header) folders() []string {
	names := h.of(tagDirNames)
	folders := make([]string, 0, min(names.count, 1024))
	for len(folders) < MaxFolders {
		name, ok := names.nextText()
		if !ok {
			break
		}
		folder := cleaned(name)
		if folder != "" {
			folder += "/"
		}
		folders = append(folders, folder)
	}
	return folders
}

// cleaned returns a path without the slash at its start, "" for the root and for what is too long.
func cleaned(p []byte) string {
	if len(p) > maxPath {
		return ""
	}
	return strings.TrimPrefix(path.Clean("/"+string(p)), "/")
}

// appendPath appends the path of a name in a folder, nothing if it is not the name of a file.
func appendPath(buf []byte, folder string, name []byte) []byte {
	switch {
	case len(name) == 0, len(folder)+len(name) > maxPath, string(name) == ".", string(name) == "..", bytes.IndexByte(name, '/') >= 0:
		return buf
	}
	return append(append(buf, folder...), name...)
}
