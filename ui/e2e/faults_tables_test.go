package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// This file has registries that answer requests for tables of contents wrongly. The images have one layer
// each, in the format of zstd:chunked, which differ in one file. A report needs the tables where the layers are
// larger than it may read.

var (
	tableArgs    = []string{"--inside", "--max-read", "4MB"}
	pushForTable = pushAgain + "; --max-read … reads the whole layer"
	packagesArgs = []string{"--packages", "--max-read", "4MB"}
)

const notAllKnown = "--packages: not all packages are known: "

// tableFaults are the rows of docs/faults.md about tables of contents.
var tableFaults = []fault{
	{group: layersGroup, name: "table of contents, answered 200", answer: sendTable(ignoreRange), open: twoLayers, args: tableArgs, long: true,
		cause: "HOST does not send parts of blobs (files@sha256:…)", next: pushForTable, rest: noFiles, code: 1, bound: oneRequest},
	{group: layersGroup, name: "table of contents, answered 416", answer: sendTable(refuseRange(416, "")), open: twoLayers, args: tableArgs, long: true,
		cause: "HOST answered 416 to a range of the blob (files@sha256:…)", next: pushForTable, rest: noFiles, code: 1, bound: oneRequest},
	{group: layersGroup, name: "table of contents, 206 with another Content-Range", answer: sendTable(otherRange), open: twoLayers, args: tableArgs, long: true,
		cause: "HOST does not send parts of blobs (files@sha256:…)", next: pushForTable, rest: noFiles, code: 1, bound: oneRequest},
	{group: layersGroup, name: "table of contents, torn", answer: sendTable(tearRange), open: twoLayers, args: tableArgs, long: true,
		cause: "HOST closed the connection in the middle of its answer", next: "try again, or check host, port and network", rest: noFiles, code: 1, bound: threeRequests},
	{group: layersGroup, name: "table of contents, silent in the middle", answer: sendTable(stallRange), open: twoLayers, args: append(tableArgs[:3:3], longerTimeout...), long: true,
		cause: "HOST did not answer in time (no data for … s)", next: "try again, or check the network", rest: noFiles, code: 1, bound: silence},
	{group: layersGroup, name: "table of contents with other bytes", answer: sendTable(changeRange), open: twoLayers, args: tableArgs, long: true,
		cause: "HOST has a layer that cannot be listed: the table of contents does not match its digest (files@sha256:…)", next: pushForTable, rest: noFiles, code: 1, bound: oneRequest},
	{group: layersGroup, name: "table of contents with other bytes, and leave to read the layers", answer: sendTable(changeRange), open: twoLayers, args: insideArgs, long: true,
		cause: "app/main.py", doc: "no error: the layer is read", rest: withFiles, code: 1, bound: oneRequest},
	{group: layersGroup, name: "table of contents, a package database answered 200", answer: sendTable(ofDatabase(ignoreRange)), open: twoLayers, args: packagesArgs, long: true,
		cause: notAllKnown + "HOST does not send parts of blobs (files@sha256:…)", next: pushForTable, rest: noFiles, bound: oneRequest},
	{group: layersGroup, name: "table of contents, a package database answered 416", answer: sendTable(ofDatabase(refuseRange(416, ""))), open: twoLayers, args: packagesArgs, long: true,
		cause: notAllKnown + "HOST answered 416 to a range of the blob (files@sha256:…)", next: pushForTable, rest: noFiles, bound: oneRequest},
	{group: layersGroup, name: "table of contents, a package database with another Content-Range", answer: sendTable(ofDatabase(otherRange)), open: twoLayers, args: packagesArgs, long: true,
		cause: notAllKnown + "HOST does not send parts of blobs (files@sha256:…)", next: pushForTable, rest: noFiles, bound: oneRequest},
	{group: layersGroup, name: "table of contents, a package database torn", answer: sendTable(ofDatabase(tearRange)), open: twoLayers, args: packagesArgs, long: true,
		cause: notAllKnown + "HOST closed the connection in the middle of its answer", next: "try again, or check host, port and network", rest: noFiles, bound: threeRequests},
	{group: layersGroup, name: "table of contents, a package database too short", answer: sendTable(ofDatabase(shortRange)), open: twoLayers, args: packagesArgs, long: true,
		cause: notAllKnown + "HOST does not send parts of blobs (files@sha256:…)", next: pushForTable, rest: noFiles, bound: oneRequest},
	{group: layersGroup, name: "table of contents, a package database with other bytes", answer: sendTable(ofDatabase(changeRange)), open: twoLayers, args: packagesArgs, long: true,
		cause: notAllKnown + "HOST has a layer whose files cannot be read one by one: the table of contents states another digest than that of a file (files@sha256:…)",
		next:  pushForTable, rest: noFiles, bound: oneRequest},
	{group: layersGroup, name: "table of contents, a package database with other bytes, and leave to read the layers", answer: sendTable(ofDatabase(changeRange)), open: twoLayers,
		args: packagesArgs[:1:1], long: true,
		cause: "HOST has a layer whose files cannot be read one by one: the table of contents states another digest than that of a file (files@sha256:…)",
		next:  "the whole layer was read", rest: withFiles, code: 1, bound: oneRequest},
}

// isTable reports whether a fault is one of tableFaults.
func (f fault) isTable() bool { return strings.HasPrefix(f.name, "table of contents") }

// tableImages is layerImages with layers that have tables of contents.
var tableImages = onceTables(func() (images shelf, layers map[string][]byte, odd string) {
	large := make([]byte, 4_300_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(large) // it does not compress
	images, layers = shelf{}, map[string][]byte{}
	for tag, program := range map[string]string{"odd": "run\n", "plain": "run\nend\n"} {
		items := []insidetest.Item{
			insidetest.File("app/main.py", program), insidetest.File("var/lib/dpkg/status", "Package: a\nVersion: 1\n"),
			insidetest.File("zz/data", string(large)),
		}
		blob, annotations := insidetest.Chunked(insidetest.PodmanFormat, 4<<20, nil, items...)
		layer := v1.Descriptor{MediaType: v1.MediaTypeImageLayerZstd, Digest: digest.FromBytes(blob), Size: int64(len(blob)), Annotations: annotations}
		config := fmt.Sprintf(`{"created":"2024-05-01T12:00:00Z","architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%q]},"history":[{"created_by":"COPY . /"}]}`,
			digest.FromBytes(insidetest.Tar(items...)))
		manifest := strings.NewReplacer("CONFIG", digest.FromString(config).String(), "SIZE", strconv.Itoa(len(config))).
			Replace(manifestOf("CONFIG", 0, layerJSON(layer)))
		images.put(digest.FromString(config).String(), "application/octet-stream", config)
		images.put(digest.FromString(manifest).String(), v1.MediaTypeImageManifest, manifest)
		images.put(tag, v1.MediaTypeImageManifest, manifest)
		layers[layer.Digest.String()] = blob
		if tag == "odd" {
			odd = layer.Digest.String()
		}
	}
	return images, layers, odd
})

// onceTables is sync.OnceValues for three values.
func onceTables(makeAll func() (shelf, map[string][]byte, string)) func() (shelf, map[string][]byte, string) {
	var images shelf
	var layers map[string][]byte
	var odd string
	once := sync.OnceFunc(func() { images, layers, odd = makeAll() })
	return func() (shelf, map[string][]byte, string) { once(); return images, layers, odd }
}

// sendTable is a registry that answers ranges of the layer of the tag "odd" with send, and all else rightly. Where send reports
// false, the request as it left it is answered rightly, too.
func sendTable(send func(w http.ResponseWriter, r *http.Request) (answered bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, blobs, odd := tableImages()
		name := path.Base(r.URL.Path)
		blob, ok := blobs[name]
		switch {
		case !ok:
			s.serve(w, r)
		case name == odd && r.Header.Get("Range") != "" && send(&rangeWriter{w, blob}, r):
		default:
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(blob))
		}
	}
}

// rangeWriter has the blob of which a range is requested.
type rangeWriter struct {
	http.ResponseWriter
	blob []byte
}

// part sends the header of a range and returns its bytes.
func (w *rangeWriter) part(r *http.Request) []byte {
	var from, to int
	fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to) //nolint:errcheck // a test
	part := bytes.Clone(w.blob[from : to+1])
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(w.blob)))
	w.Header().Set("Content-Length", strconv.Itoa(len(part)))
	w.WriteHeader(http.StatusPartialContent)
	return part
}

func (w *rangeWriter) half(r *http.Request) {
	part := w.part(r)
	w.Write(part[:len(part)/2])                          //nolint:errcheck // the client may be gone
	http.NewResponseController(w.ResponseWriter).Flush() //nolint:errcheck // as above
}

// ofDatabase is send for the range of the package database alone, which is at the start of the layer.
func ofDatabase(send func(w http.ResponseWriter, r *http.Request) bool) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		var from int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from) //nolint:errcheck // a test
		return from < 1_000_000 && send(w, r)
	}
}

// shortRange sends fewer bytes than were requested, and says so.
func shortRange(w http.ResponseWriter, r *http.Request) bool {
	var from, to int
	fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to) //nolint:errcheck // a test
	r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, to-1))
	w.(*rangeWriter).Write(w.(*rangeWriter).part(r)) //nolint:errcheck // the client may be gone
	return true
}

func tearRange(w http.ResponseWriter, r *http.Request) bool {
	w.(*rangeWriter).half(r)
	panic(http.ErrAbortHandler)
}

func stallRange(w http.ResponseWriter, r *http.Request) bool {
	w.(*rangeWriter).half(r)
	<-r.Context().Done()
	return true
}

func changeRange(w http.ResponseWriter, r *http.Request) bool {
	part := w.(*rangeWriter).part(r)
	part[len(part)/2] ^= 1
	w.Write(part) //nolint:errcheck // as above
	return true
}

func layerJSON(layer v1.Descriptor) string {
	raw, err := json.Marshal(layer)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
