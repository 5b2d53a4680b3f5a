package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Of a member that a document has twice some readers take the first, Go the
// last; and Go takes "Layers" for "layers", which to others is nothing. Such a
// document is two images at once, one for who checks it and one for who runs
// it, so it is refused.

// shape is what the members of an object are called, with the shapes of their
// values or of their elements. Those without a shape have free names, as labels.
type shape map[string]shape

var (
	platformShape   = names("architecture", "os", "os.version", "os.features", "variant")
	descriptorShape = names("mediaType", "digest", "size", "urls", "annotations", "data", "artifactType").with("platform", platformShape)
	manifestShape   = names("schemaVersion", "mediaType", "artifactType", "annotations", "fsLayers", "history").
			with("config", descriptorShape).with("layers", descriptorShape).with("manifests", descriptorShape).
			with("blobs", descriptorShape).with("subject", descriptorShape)

	settingsShape = names("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
		"ArgsEscaped", "Healthcheck", "OnBuild", "Shell", "Hostname")
	configShape = names("created", "author", "architecture", "variant", "os", "os.version", "os.features", "docker_version").
			with("config", settingsShape).with("container_config", settingsShape).
			with("rootfs", names("type", "diff_ids")).
			with("history", names("created", "created_by", "author", "comment", "empty_layer"))
)

func names(all ...string) shape {
	s := shape{}
	for _, name := range all {
		s[name] = nil
	}
	return s
}

func (s shape) with(name string, of shape) shape {
	s[name] = of
	return s
}

// known is the name that Go takes a member for, and its value's shape.
func (s shape) known(name string) (string, shape) {
	if of, ok := s[name]; ok {
		return name, of
	}
	for other, of := range s {
		if strings.EqualFold(other, name) {
			return other, of
		}
	}
	return "", nil
}

// object is one that is being read.
type object struct {
	shape shape
	array bool
	next  shape           // of the value that comes
	value bool            // a value comes, not a name
	seen  map[string]bool // names, and what Go takes them for
}

// checkJSON refuses a document that readers read differently. In an exact one
// the known names must be spelled as they are.
func checkJSON(raw []byte, s shape, exact bool) error {
	if !utf8.Valid(raw) {
		return errors.New("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	open := []*object{{array: true, shape: s}}
	for dec.More() || len(open) > 1 {
		token, err := dec.Token()
		if err != nil {
			return plainJSON(err)
		}
		top := open[len(open)-1]
		switch delim, isDelim := token.(json.Delim); {
		case isDelim && (delim == '}' || delim == ']'):
			open = open[:len(open)-1]
		case !top.array && !top.value:
			if err := top.name(token.(string), exact); err != nil {
				return err
			}
		default:
			of := top.take()
			if isDelim {
				open = append(open, &object{shape: of, array: delim == '['})
			}
		}
	}
	return nil
}

// take is the shape of the value that comes.
func (o *object) take() shape {
	if o.array {
		return o.shape
	}
	o.value = false
	return o.next
}

func (o *object) name(name string, exact bool) error {
	o.value = true
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	known, of := o.shape.known(name)
	o.next = of
	switch {
	case o.seen[name]:
		return fmt.Errorf("it has %.40q twice, and readers differ in which counts", name)
	case known != "" && o.seen[known], exact && known != "" && known != name:
		return fmt.Errorf("it has %.40q, which some readers take for %q", name, known)
	}
	o.seen[name] = true
	if known != "" {
		o.seen[known] = true
	}
	return nil
}

// plainJSON is an error of encoding/json without the names of Go's types.
func plainJSON(err error) error {
	var t *json.UnmarshalTypeError
	if !errors.As(err, &t) {
		return err
	}
	if t.Field == "" {
		return fmt.Errorf("it is a JSON %.40s", t.Value)
	}
	return fmt.Errorf("its %.40q is a %.40s", t.Field, t.Value)
}
