package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Config is an image's config. Its digest is the image ID.
type Config struct {
	Document
	v1.Image
	DockerVersion string // only Docker's classic builder writes it
	Docker        DockerSettings
}

// DockerSettings are the settings that Docker writes in addition to those of
// the OCI image specification.
type DockerSettings struct {
	Healthcheck json.RawMessage // the JSON as written, nil if absent
	OnBuild     []string
	Shell       []string
}

// ParseConfig parses an image config. It returns an error if the bytes are not
// a config: not a JSON object, invalid diff_ids, more entries than MaxHistory
// or MaxLayers.
func ParseConfig(doc Document) (Config, error) {
	c := Config{Document: doc}
	if b := bytes.TrimSpace(doc.Raw); len(b) == 0 || b[0] != '{' {
		return c, errors.New("it is not a JSON object")
	}
	// Docker ignores the case of member names and old tools may rely on that, so another case is accepted.
	if _, err := checkJSON(doc.Raw, configShape); err != nil {
		return c, err
	}
	if err := json.Unmarshal(doc.Raw, &c.Image); err != nil {
		if err := c.parseLoosely(); err != nil {
			return c, PlainJSON(err)
		}
	}
	var docker struct {
		DockerVersion string         `json:"docker_version"`
		Config        DockerSettings `json:"config"`
	}
	_ = json.Unmarshal(doc.Raw, &docker) // a member of the wrong type is left out, the others are read
	c.DockerVersion, c.Docker = docker.DockerVersion, docker.Config
	if len(c.History) > MaxHistory {
		return c, tooMany(len(c.History), "history entries", MaxHistory)
	}
	if len(c.RootFS.DiffIDs) > MaxLayers {
		return c, tooMany(len(c.RootFS.DiffIDs), "diff_ids", MaxLayers)
	}
	for _, d := range c.RootFS.DiffIDs {
		if err := d.Validate(); err != nil {
			return c, fmt.Errorf("it contains an invalid diff_id %q", d)
		}
	}
	return c, nil
}

// parseLoosely reads the fields that the comparison needs one by one, so that
// one invalid field (for example a malformed date) does not hide the rest.
func (c *Config) parseLoosely() error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(c.Raw, &fields); err != nil {
		return err
	}
	c.Image = v1.Image{}
	into := map[string]any{
		"created": &c.Created, "author": &c.Author, "architecture": &c.Architecture, "variant": &c.Variant,
		"os": &c.OS, "os.version": &c.OSVersion, "config": &c.Image.Config, "rootfs": &c.RootFS, "history": (*looseHistory)(&c.History),
	}
	var first error
	for name, target := range into {
		raw, ok := fields[name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, target); err != nil && (name == "rootfs" || name == "history") && first == nil {
			first = fmt.Errorf("%s: %w", name, PlainJSON(err))
		}
	}
	return first
}

// looseHistory is a history in which an invalid date of one entry does not hide
// the rest.
type looseHistory []v1.History

// UnmarshalJSON reads the history entry by entry.
func (h *looseHistory) UnmarshalJSON(raw []byte) error {
	var entries []json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return err
	}
	*h = make(looseHistory, len(entries))
	for i, raw := range entries {
		if json.Unmarshal(raw, &(*h)[i]) == nil {
			continue
		}
		var entry struct {
			v1.History
			Created json.RawMessage `json:"created"` // in place of the date of v1.History
		}
		if err := json.Unmarshal(raw, &entry); err != nil {
			return err
		}
		(*h)[i] = entry.History
	}
	return nil
}

// Digests of archives that contain no file. The diff_ids are those of 1024 and
// 10240 bytes of zeros (moby's DigestSHA256EmptyTar, and GNU tar's archive of 20
// blocks), the gzip digests those of the blobs that Docker made of EmptyTar.
const (
	EmptyBlob     digest.Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // no bytes at all
	EmptyTar      digest.Digest = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
	EmptyTarGNU   digest.Digest = "sha256:84ff92691f909a05b224e1c56abb4864f01b4f8e3c854e4bb4c7baf1d3f6d652"
	EmptyGzipGo17 digest.Digest = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"
	EmptyGzipGo18 digest.Digest = "sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1"
)

// RealDate returns t if it is the date of a build, else nil. Builders write
// year 1, 1970 or 1980-01-01 for "no date" (catalogue finding E8).
func RealDate(t *time.Time) *time.Time {
	if t == nil || t.Year() <= 1980 || t.Year() >= 9999 { // the end of 9999 is year 10000 in some zones, which JSON cannot encode
		return nil
	}
	return t
}
