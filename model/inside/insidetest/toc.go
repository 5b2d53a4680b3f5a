package insidetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// TOC is the table of contents of an archive as eStargz and zstd:chunked have it. Files of more
// than 100 bytes have a second chunk, so that tests with small files see such rows.
func TOC(items ...Item) []byte { return tocOf(100, items) }

// WholeTOC is TOC with files that are one chunk each, as those of less than 4 MiB are.
func WholeTOC(items ...Item) []byte { return tocOf(math.MaxInt, items) }

func tocOf(chunk int, items []Item) []byte {
	var all []map[string]any
	for _, i := range items {
		h := withDefaults(i.Header)
		e := map[string]any{
			"name": h.Name, "type": tocTypes[h.Typeflag], "mode": h.Mode, "uid": h.Uid, "gid": h.Gid,
			"modtime": h.ModTime.UTC().Format(time.RFC3339), "linkName": h.Linkname, "devMajor": h.Devmajor, "devMinor": h.Devminor,
		}
		xattrs := map[string][]byte{}
		for key, value := range h.PAXRecords {
			xattrs[strings.TrimPrefix(key, "SCHILY.xattr.")] = []byte(value)
		}
		e["xattrs"] = xattrs
		if i.Body != "" {
			e["digest"], e["size"] = digestOf([]byte(i.Body)), len(i.Body)
		}
		all = append(all, e)
		if len(i.Body) > chunk {
			all = append(all, map[string]any{
				"name": h.Name, "type": "chunk", "chunkOffset": chunk, "chunkDigest": digestOf([]byte(i.Body[chunk:])),
			})
		}
	}
	raw, err := json.Marshal(map[string]any{"version": 1, "entries": all})
	must(err)
	return raw
}

var tocTypes = map[byte]string{
	tar.TypeReg: "reg", tar.TypeDir: "dir", tar.TypeSymlink: "symlink", tar.TypeLink: "hardlink",
	tar.TypeChar: "char", tar.TypeBlock: "block", tar.TypeFifo: "fifo",
}

func digestOf(raw []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(raw)) }

// EStargz is a layer as stargz-snapshotter writes it with a table of contents, and the
// annotations of its descriptor. If the archive is complete, as from BuildKit, the table is behind
// the end of it.
func EStargz(toc []byte, complete bool, items ...Item) (blob []byte, annotations map[string]string) {
	archive := Tar(items...)
	if !complete {
		archive = archive[:len(archive)-1024]
	}
	return withTable(Gzip(archive, 512), toc)
}

// withTable is an eStargz layer of gzip members and a table of contents.
func withTable(blob, toc []byte) (_ []byte, annotations map[string]string) {
	offset := len(blob)
	blob = append(blob, Gzip(Tar(File("stargz.index.json", string(toc))))...)
	blob = append(blob, Footer(offset, "SG\x16\x00")...)
	return blob, map[string]string{"containerd.io/snapshot/stargz/toc.digest": digestOf(toc)}
}

// Footer is that of an eStargz layer: a gzip member without content that has an offset in its
// extra field. The subfield is "" in the legacy form.
func Footer(offset int, subfield string) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	must(err)
	w.Extra = fmt.Appendf(nil, "%s%016xSTARGZ", subfield, offset)
	must(w.Close())
	return b.Bytes()
}

// ZstdChunked is a layer as podman writes it with a table of contents, or as stargz-snapshotter
// does, and the annotations of its descriptor.
func ZstdChunked(toc []byte, podman bool, items ...Item) (blob []byte, annotations map[string]string) {
	return withSkippedTable(Zstd(Tar(items...)), toc, podman)
}

// withSkippedTable is a zstd:chunked layer of frames and a table of contents.
func withSkippedTable(blob, toc []byte, podman bool) (_ []byte, annotations map[string]string) {
	const head = 8 // of a skippable frame
	packed := Zstd(toc)
	prefix := "io.containers.zstd-chunked."
	annotations = map[string]string{}
	if podman {
		prefix = "io.github.containers.zstd-chunked."
	} else {
		annotations["containerd.io/snapshot/stargz/toc.digest"] = digestOf(toc)
	}
	annotations[prefix+"manifest-position"] = fmt.Sprintf("%d:%d:%d:1", len(blob)+head, len(packed), len(toc))
	annotations[prefix+"manifest-checksum"] = digestOf(packed)
	blob = append(blob, SkippableFrame(string(packed))...)
	footer := le64(nil, uint64(len(blob)-len(packed)), uint64(len(packed)), uint64(len(toc)), 1)
	if podman { // the table for a reassembled archive, which is not here
		footer = append(le64(footer, 0, 0, 0), "GNUlInUx"...)
	} else {
		footer = append(footer, "GnUlInUx"...)
	}
	return append(blob, SkippableFrame(string(footer))...), annotations
}

func le64(b []byte, numbers ...uint64) []byte {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

// TOCFormat is a format of layers with tables of contents.
type TOCFormat int

// The formats.
const (
	EStargzFormat TOCFormat = iota // gzip, by stargz-snapshotter
	PodmanFormat                   // zstd:chunked, by podman
	StargzFormat                   // zstd:chunked, by stargz-snapshotter
)

// Chunked is a layer whose files can be read one by one: the table of contents says where each is. A file has chunks of
// chunk bytes, but at most 20. change, unless nil, changes the rows of the table, for one that lies.
func Chunked(format TOCFormat, chunk int, change func(rows []map[string]any), items ...Item) (blob []byte, annotations map[string]string) {
	const trailer = 1024 // the end of an archive
	var pending []byte   // that follows the last content
	pack := Zstd
	if format == EStargzFormat {
		pack = func(raw []byte) []byte { return Gzip(raw) }
	}
	flush := func() {
		if len(pending) > 0 {
			blob, pending = append(blob, pack(pending)...), nil
		}
	}
	var rows []map[string]any
	for _, i := range items {
		entry := Tar(i)
		entry = entry[:len(entry)-trailer]
		const block = 512
		content := (len(i.Body) + block - 1) / block * block
		pending = append(pending, entry[:len(entry)-content]...)
		var row []map[string]any
		must(json.Unmarshal(TOC(Item{Header: i.Header}), &struct{ Entries *[]map[string]any }{&row}))
		if i.Body != "" {
			row[0]["digest"], row[0]["size"] = digestOf([]byte(i.Body)), len(i.Body)
		}
		const most = 20
		chunk := max(chunk, len(i.Body)/most)
		for at := 0; at < len(i.Body); at += chunk {
			part := i.Body[at:min(at+chunk, len(i.Body))]
			flush()
			if at > 0 {
				row = append(row, map[string]any{"name": i.Name, "type": "chunk", "chunkOffset": at})
			}
			r := row[len(row)-1]
			r["offset"], r["chunkDigest"], r["chunkSize"] = len(blob), digestOf([]byte(part)), len(part)
			pending = []byte(part)
			if at+chunk < len(i.Body) || format == PodmanFormat {
				flush()
			}
			if format == PodmanFormat {
				row[0]["endOffset"] = len(blob)
			}
		}
		pending = append(pending, entry[len(entry)-content+len(i.Body):]...)
		rows = append(rows, row...)
	}
	pending = append(pending, make([]byte, trailer)...)
	flush()
	if change != nil {
		change(rows)
	}
	toc, err := json.Marshal(map[string]any{"version": 1, "entries": rows})
	must(err)
	if format == EStargzFormat {
		return withTable(blob, toc)
	}
	return withSkippedTable(blob, toc, format == PodmanFormat)
}
