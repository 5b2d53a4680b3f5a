package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	next  shape             // of the value that comes
	value bool              // a value comes, not a name
	seen  map[string]bool   // names
	taken map[string]string // and those that Go takes for a known one, by that
}

// Bounds on JSON from outside. An image with a hundred thousand labels has a
// fifth of these values, and each may take some hundred bytes of memory; nothing
// that describes an image is nested deeper than ten.
const (
	maxValues = 500_000
	maxNested = 1_000
)

// checkJSON refuses a document that readers read differently, or that would fill
// the memory. odd is that a known name is spelled in another case, and so is
// read by some alone.
func checkJSON(raw []byte, s shape) (odd, err error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	open := []*object{{array: true, shape: s}}
	for values := 0; dec.More() || len(open) > 1; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is cut off")
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		delim, isDelim := token.(json.Delim)
		switch {
		case isDelim && (delim == '}' || delim == ']'):
			open = open[:len(open)-1]
			continue
		case !top.array && !top.value:
			spelling, err := top.name(token.(string))
			if err != nil {
				return nil, err
			}
			if odd == nil {
				odd = spelling
			}
			continue
		}
		of := top.take()
		if isDelim {
			open = append(open, &object{shape: of, array: delim == '['})
		}
		if values++; values > maxValues {
			return nil, fmt.Errorf("it has more than %d values, tagdiff reads no more", maxValues)
		}
		if len(open) > maxNested {
			return nil, fmt.Errorf("it is nested more than %d deep", maxNested)
		}
	}
	return odd, nil
}

// CheckJSON refuses a document that no parser should be given: it would fill the
// memory, or has a member twice.
func CheckJSON(raw []byte) error {
	_, err := checkJSON(raw, nil)
	return err
}

// take is the shape of the value that comes.
func (o *object) take() shape {
	if o.array {
		return o.shape
	}
	o.value = false
	return o.next
}

// name takes the name of a member.
func (o *object) name(name string) (odd, err error) {
	o.value = true
	known, of := o.shape.known(name)
	o.next = of
	if o.seen == nil {
		o.seen, o.taken = map[string]bool{}, map[string]string{}
	}
	if o.seen[name] {
		return nil, fmt.Errorf("it has %.40q twice, and readers differ in which counts", name)
	}
	o.seen[name] = true
	if known == "" {
		return nil, nil
	}
	first, again := o.taken[known]
	o.taken[known] = name
	if known == name {
		name = first // the odd one, if any
	}
	if name != "" {
		odd = fmt.Errorf("it has %.40q, which some readers take for %q", name, known)
	}
	if again {
		return nil, odd
	}
	return odd, nil
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

// LooksLikeJSON reports whether b begins like a JSON object.
func LooksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '{'
}
