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
	// DockerVersion and Container are what only docker's classic builder wrote.
	DockerVersion string
	Container     *ContainerConfig
	Docker        DockerSettings
}

// DockerSettings are the settings that docker writes beside those of the image
// specification.
type DockerSettings struct {
	Healthcheck json.RawMessage // as written, nil where there is none
	OnBuild     []string
	Shell       []string
}

// ContainerConfig is the part of docker's container_config that names the
// newest step.
type ContainerConfig struct {
	Hostname string   `json:"Hostname"`
	Cmd      []string `json:"Cmd"`
}

// ParseConfig reads an image config. Errors mean that the bytes are not a
// config: no JSON object, invalid diff_ids, more history than MaxHistory.
func ParseConfig(doc Document) (Config, error) {
	c := Config{Document: doc}
	if b := bytes.TrimSpace(doc.Raw); len(b) == 0 || b[0] != '{' {
		return c, errors.New("the image config is not a JSON object")
	}
	// Docker reads members whatever their case, and old tools may rely on it.
	if _, err := checkJSON(doc.Raw, configShape); err != nil {
		return c, fmt.Errorf("the image config is not valid JSON: %w", err)
	}
	if err := json.Unmarshal(doc.Raw, &c.Image); err != nil {
		if err := c.parseLoosely(); err != nil {
			return c, fmt.Errorf("the image config is not valid JSON: %w", err)
		}
	}
	var docker struct {
		DockerVersion string           `json:"docker_version"`
		Container     *ContainerConfig `json:"container_config"`
		Config        DockerSettings   `json:"config"`
	}
	_ = json.Unmarshal(doc.Raw, &docker) // a member of another type costs only itself
	c.DockerVersion, c.Container, c.Docker = docker.DockerVersion, docker.Container, docker.Config
	if len(c.History) > MaxHistory {
		return c, tooMany("image config", len(c.History), "history entries", MaxHistory)
	}
	if len(c.RootFS.DiffIDs) > MaxLayers {
		return c, tooMany("image config", len(c.RootFS.DiffIDs), "diff_ids", MaxLayers)
	}
	for _, d := range c.RootFS.DiffIDs {
		if err := d.Validate(); err != nil {
			return c, fmt.Errorf("the image config names an invalid diff_id %q", d)
		}
	}
	return c, nil
}

// parseLoosely reads the fields that the comparison needs one by one, so that
// one odd field (a date that is no date, say) does not hide the rest.
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
			first = fmt.Errorf("%s: %w", name, plainJSON(err))
		}
	}
	return first
}

// looseHistory is a history of which one odd date does not hide the rest.
type looseHistory []v1.History

// UnmarshalJSON reads entry by entry.
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
		var entry struct { // all but the date
			CreatedBy  string `json:"created_by"`
			Author     string `json:"author"`
			Comment    string `json:"comment"`
			EmptyLayer bool   `json:"empty_layer"`
		}
		if err := json.Unmarshal(raw, &entry); err != nil {
			return err
		}
		(*h)[i] = v1.History{CreatedBy: entry.CreatedBy, Author: entry.Author, Comment: entry.Comment, EmptyLayer: entry.EmptyLayer}
	}
	return nil
}

// Well-known diff_ids of archives that hold no file: 1024 and 10240 bytes of
// zeros (moby's DigestSHA256EmptyTar, and GNU tar's 20-block archive).
const (
	EmptyTar      digest.Digest = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
	EmptyTarGNU   digest.Digest = "sha256:84ff92691f909a05b224e1c56abb4864f01b4f8e3c854e4bb4c7baf1d3f6d652"
	EmptyGzipGo17 digest.Digest = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"
	EmptyGzipGo18 digest.Digest = "sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1"
)

// RealDate is a date that says when something happened, or nil: builders write
// year 1, 1970 or 1980-01-01 to say nothing (catalogue finding E8).
func RealDate(t *time.Time) *time.Time {
	if t == nil || t.Year() <= 1980 || t.Year() >= 9999 { // nor can JSON tell the end of 9999 in every zone
		return nil
	}
	return t
}
