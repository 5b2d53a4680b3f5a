package main

import (
	"encoding/json"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Media types of Docker's own formats.
const (
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	dockerConfig   = "application/vnd.docker.container.image.v1+json"
	dockerLayer    = "application/vnd.docker.image.rootfs.diff.tar.gzip"
	dockerForeign  = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
)

// Builders. They write history and config in different forms.
const (
	buildkit = iota
	classic
)

// image is an image under construction. Every method returns a new one, so many
// images can share a base.
type image struct {
	platform v1.Platform
	builder  int
	clock    time.Time
	settings v1.ImageConfig
	history  []v1.History
	layers   []layer
}

// scratch is an image without steps. A builder only sets its PATH.
func scratch(platform string, builder int, date string) image {
	i := image{platform: parsePlatform(platform), builder: builder}.at(date)
	i.settings.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	return i
}

func parsePlatform(s string) v1.Platform {
	parts := append(strings.Split(s, "/"), "")
	return v1.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2]}
}

// at sets the clock for the steps that follow.
func (i image) at(date string) image {
	t, err := time.Parse(time.RFC3339, date)
	must(err)
	i.clock = t
	return i
}

// by sets the builder of the steps that follow.
func (i image) by(builder int) image {
	i.builder = builder
	return i
}

// add runs steps on top of the image.
func (i image) add(steps ...step) image {
	i.history, i.layers = slices.Clone(i.history), slices.Clone(i.layers)
	for _, s := range steps {
		h := v1.History{CreatedBy: s.text, EmptyLayer: s.layer == nil}
		switch {
		case s.verbatim:
		case i.builder == buildkit:
			h.CreatedBy, h.Comment = s.buildkit(), "buildkit.dockerfile.v0"
		default:
			h.CreatedBy = s.classic()
		}
		i.clock = i.clock.Add(duration(h.CreatedBy, s.layer))
		created := i.clock
		h.Created = &created
		if s.layer != nil {
			i.layers = append(i.layers, *s.layer)
		}
		if s.set != nil {
			s.set(&i.settings)
		}
		i.history = append(i.history, h)
	}
	return i
}

// duration is how long a step took. It depends on the text of the step, so steps
// differ and every run gives the same result.
func duration(text string, l *layer) time.Duration {
	h := fnv.New32a()
	_, _ = io.WriteString(h, text)
	d := 40*time.Millisecond + time.Duration(h.Sum32()%199_999_999)
	if l != nil {
		d += time.Duration(h.Sum32()%7+1)*time.Second + time.Duration(min(l.size/40, 30_000))*time.Millisecond
	}
	return d
}

// with returns the image with another n-th layer of the same archive. The config
// names only archives and stays the same.
func (i image) with(n int, l layer) image {
	i.layers = slices.Clone(i.layers)
	i.layers[n] = l
	return i
}

// last is the index of the newest layer.
func (i image) last() int { return len(i.layers) - 1 }

// configFile is a config with its fields in the order that docker and BuildKit
// write them.
type configFile struct {
	Architecture    string         `json:"architecture"`
	Config          any            `json:"config"`
	Container       string         `json:"container,omitempty"`
	ContainerConfig any            `json:"container_config,omitempty"`
	Created         time.Time      `json:"created"`
	DockerVersion   string         `json:"docker_version,omitempty"`
	History         []historyEntry `json:"history,omitempty"`
	OS              string         `json:"os"`
	OSVersion       string         `json:"os.version,omitempty"`
	RootFS          rootFS         `json:"rootfs"`
	Variant         string         `json:"variant,omitempty"`
}

type rootFS struct {
	Type    string          `json:"type"`
	DiffIDs []digest.Digest `json:"diff_ids"`
}

type historyEntry struct {
	Created    *time.Time `json:"created,omitempty"`
	CreatedBy  string     `json:"created_by,omitempty"`
	Comment    string     `json:"comment,omitempty"`
	EmptyLayer bool       `json:"empty_layer,omitempty"`
}

// buildkitSettings are the settings that BuildKit writes.
type buildkitSettings struct {
	v1.ImageConfig
	OnBuild []string
}

// classicSettings are the settings that docker writes: all those of a container,
// set or not.
type classicSettings struct {
	Hostname     string
	Domainname   string
	User         string
	AttachStdin  bool
	AttachStdout bool
	AttachStderr bool
	ExposedPorts map[string]struct{} `json:",omitempty"`
	Tty          bool
	OpenStdin    bool
	StdinOnce    bool
	Env          []string
	Cmd          []string
	ArgsEscaped  bool `json:",omitempty"`
	Image        string
	Volumes      map[string]struct{}
	WorkingDir   string
	Entrypoint   []string
	OnBuild      []string
	Labels       map[string]string
}

// config returns the config of the image.
func (i image) config() configFile {
	c := configFile{
		Architecture: i.platform.Architecture, OS: i.platform.OS, OSVersion: i.platform.OSVersion, Variant: i.platform.Variant,
		Created: i.clock, RootFS: rootFS{Type: "layers", DiffIDs: []digest.Digest{}},
	}
	for _, h := range i.history {
		c.History = append(c.History, historyEntry{Created: h.Created, CreatedBy: h.CreatedBy, Comment: h.Comment, EmptyLayer: h.EmptyLayer})
	}
	for _, l := range i.layers {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, l.diffID)
	}
	if i.builder == buildkit {
		c.Config = buildkitSettings{ImageConfig: i.settings}
	} else {
		i.classic(&c)
	}
	return c
}

// classic adds the fields that only docker's first builder wrote: the settings
// again, as those of the container of the newest step.
func (i image) classic(c *configFile) {
	newest := ""
	if len(i.history) > 0 {
		newest = i.history[len(i.history)-1].CreatedBy
	}
	parent := digest.FromString(newest + i.clock.String())
	s := classicSettings{
		User: i.settings.User, ExposedPorts: i.settings.ExposedPorts, Env: i.settings.Env, Cmd: i.settings.Cmd,
		Image: parent.String(), WorkingDir: i.settings.WorkingDir, Entrypoint: i.settings.Entrypoint, Labels: i.settings.Labels,
	}
	c.Config = s
	c.Container = digest.FromString("container " + newest + i.clock.String()).Encoded()
	c.DockerVersion = "18.06.1-ce"
	if i.clock.Year() > 2020 {
		c.DockerVersion = "20.10.25"
	}
	s.Hostname = c.Container[:12]
	s.Cmd = []string{"/bin/sh", "-c", strings.TrimPrefix(newest, "/bin/sh -c ")}
	c.ContainerConfig = s
}

// manifest is a manifest or an index with its blobs and children.
type manifest struct {
	mediaType string
	raw       []byte
	digest    digest.Digest
	platform  v1.Platform
	blobs     []layer
	children  []manifest
	// Fields of its entry in an index, beside the platform.
	annotations  map[string]string
	artifactType string
	subject      digest.Digest // the manifest that it refers to
}

func newManifest(mediaType string, raw []byte) manifest {
	return manifest{mediaType: mediaType, raw: raw, digest: digest.FromBytes(raw)}
}

// descriptor is a v1.Descriptor with the size before the digest, as docker
// writes it.
type descriptor struct {
	MediaType string        `json:"mediaType"`
	Size      int64         `json:"size"`
	Digest    digest.Digest `json:"digest"`
	Platform  *v1.Platform  `json:"platform,omitempty"`
	URLs      []string      `json:"urls,omitempty"`
}

type manifestFile[D any] struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType,omitempty"`
	Config        D                 `json:"config"`
	Layers        []D               `json:"layers"`
	Subject       *v1.Descriptor    `json:"subject,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// docker is the image in docker's format, as its daemon pushes it.
func (i image) docker() manifest { return i.dockerOf(i.configBytes()) }

func (i image) configBytes() []byte { return compact(i.config()) }

func (i image) dockerOf(config []byte) manifest {
	file := manifestFile[descriptor]{
		SchemaVersion: 2, MediaType: dockerManifest,
		Config: descriptor{MediaType: dockerConfig, Size: int64(len(config)), Digest: digest.FromBytes(config)}, Layers: []descriptor{},
	}
	for _, l := range i.layers {
		d := descriptor{MediaType: dockerLayer, Size: l.size, Digest: l.digest}
		if l.away != "" {
			d.MediaType, d.URLs = dockerForeign, []string{l.away}
		}
		file.Layers = append(file.Layers, d)
	}
	return i.manifest(dockerManifest, indented(file, "   "), config)
}

// oci is the image in the format of the Open Container Initiative, as BuildKit
// pushes it.
func (i image) oci() manifest { return i.ociOf(i.configBytes()) }

func (i image) ociOf(config []byte) manifest {
	return i.manifest(v1.MediaTypeImageManifest, indented(i.ociFile(config), "  "), config)
}

func (i image) ociFile(config []byte) manifestFile[v1.Descriptor] {
	file := manifestFile[v1.Descriptor]{SchemaVersion: 2, MediaType: v1.MediaTypeImageManifest,
		Config: describe(v1.MediaTypeImageConfig, config), Layers: []v1.Descriptor{}}
	for _, l := range i.layers {
		d := v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: l.digest, Size: l.size}
		if l.zstd {
			d.MediaType = v1.MediaTypeImageLayerZstd
		}
		file.Layers = append(file.Layers, d)
	}
	return file
}

func (i image) manifest(mediaType string, raw, config []byte) manifest {
	m := newManifest(mediaType, raw)
	m.platform = i.platform
	m.blobs = append([]layer{document(config)}, i.layers...)
	return m
}

// document is a blob that is not an archive: a config or a statement.
func document(b []byte) layer { return layer{blob: b}.hashed() }

func describe(mediaType string, b []byte) v1.Descriptor {
	return v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(b), Size: int64(len(b))}
}

func compact(v any) []byte {
	b, err := json.Marshal(v)
	must(err)
	return b
}

func indented(v any, indent string) []byte {
	b, err := json.MarshalIndent(v, "", indent)
	must(err)
	return b
}
