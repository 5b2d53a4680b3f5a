package diskcache

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
)

// maxHeader limits the first line of a file, in bytes.
const maxHeader = 4 << 10

// Document is the content of a repository at a digest.
type Document struct {
	Kind      string // "manifest", "config" or "layer"
	Repo      model.Ref
	Digest    digest.Digest
	MediaType string
	Raw       []byte
}

// header is the first line of a file; Raw follows.
type header struct {
	Repository string        `json:"repository"`
	Digest     digest.Digest `json:"digest"`
	MediaType  string        `json:"mediaType"`
}

func readDocument(path string, limit int64) (content []byte, modified time.Time, err error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, modified, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, modified, err
	}
	content, err = files.ReadLimit(f, limit)
	return content, info.ModTime(), err
}

// parseDocument checks that a file has the document of r.
func parseDocument(content []byte, kind string, r model.Ref) (Document, error) {
	line, raw, found := bytes.Cut(content, []byte("\n"))
	var head header
	if !found || len(line) > maxHeader || json.Unmarshal(line, &head) != nil {
		return Document{}, errors.New("the file has no valid header")
	}
	if head.Repository != r.Repo().String() || head.Digest != r.Digest {
		return Document{}, errors.New("the file holds another document")
	}
	doc := Document{Kind: kind, Repo: r.Repo(), Digest: r.Digest, MediaType: head.MediaType, Raw: raw}
	if !doc.verified() {
		return Document{}, errors.New("the content does not match the digest")
	}
	return doc, nil
}

// file is the content of the file for a document. It reports false for one that does not match its
// digest.
func (doc Document) file() ([]byte, bool) {
	head, err := json.Marshal(header{doc.Repo.String(), doc.Digest, doc.MediaType})
	if err != nil || len(head) > maxHeader || !doc.verified() {
		return nil, false
	}
	return bytes.Join([][]byte{head, doc.Raw}, []byte("\n")), true
}

// verified reports whether the content matches the digest.
func (doc Document) verified() bool {
	return doc.Digest.Validate() == nil && doc.Digest.Algorithm().FromBytes(doc.Raw) == doc.Digest
}
