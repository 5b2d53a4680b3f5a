package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// JSON readers differ. If a member occurs twice, some take the first and Go takes
// the last. Go also reads "Layers" as "layers", which other readers ignore. Such a
// document can be one image for a scanner and another one for a runtime, so it is
// refused.

// shape maps the known member names of an object to the shapes of their values,
// or of the elements if the value is a list. An object without a shape has
// arbitrary names, for example labels.
type shape map[string]shape

var (
	platformShape   = shapeOf("architecture", "os", "os.version", "os.features", "variant")
	descriptorShape = shapeOf("mediaType", "digest", "size", "urls", "annotations", "data", "artifactType").with("platform", platformShape)
	manifestShape   = shapeOf("schemaVersion", "mediaType", "artifactType", "annotations", "fsLayers", "history").
			with("config", descriptorShape).with("layers", descriptorShape).with("manifests", descriptorShape).
			with("blobs", descriptorShape).with("subject", descriptorShape)

	settingsShape = shapeOf("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
		"ArgsEscaped", "Healthcheck", "OnBuild", "Shell", "Hostname")
	configShape = shapeOf("created", "author", "architecture", "variant", "os", "os.version", "os.features", "docker_version").
			with("config", settingsShape).with("container_config", settingsShape).
			with("rootfs", shapeOf("type", "diff_ids")).
			with("history", shapeOf("created", "created_by", "author", "comment", "empty_layer"))
)

func shapeOf(all ...string) shape {
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

// lookup returns the known name that Go's decoder matches name to, ignoring
// case, and the shape of its value.
func (s shape) lookup(name string) (string, shape) {
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

// object is an object or a list that is being read.
type object struct {
	shape        shape
	array        bool
	valueShape   shape             // shape of the value that comes next
	expectsValue bool              // a value comes next, not a name
	names        map[string]bool   // names read so far
	spellings    map[string]string // by known name: the spelling that was read for it
}

// Limits for untrusted JSON. An image with 100,000 labels has a fifth of these
// values, and each value may take some hundred bytes of memory. No document that
// describes an image is nested deeper than ten.
const (
	maxValues = 500_000
	maxNested = 1_000
)

// checkJSON returns an error for a document that JSON readers interpret
// differently, or that needs too much memory. If only the spelling of a known
// name differs in case, err is nil and caseErr describes it: readers that
// respect case ignore such a member.
func checkJSON(raw []byte, s shape) (caseErr, err error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	open := []*object{{array: true, shape: s}}
	for values := 0; dec.More() || len(open) > 1; {
		token, err := dec.Token()
		if err != nil {
			return nil, PlainJSON(err)
		}
		top := open[len(open)-1]
		delim, isDelim := token.(json.Delim)
		switch {
		case isDelim && (delim == '}' || delim == ']'):
			open = open[:len(open)-1]
			continue
		case !top.array && !top.expectsValue:
			spelling, err := top.addName(token.(string))
			if err != nil {
				return nil, err
			}
			if caseErr == nil {
				caseErr = spelling
			}
			continue
		}
		of := top.nextShape()
		if isDelim {
			open = append(open, &object{shape: of, array: delim == '['})
		}
		if values++; values > maxValues {
			return nil, Limitf("it has more than %d values, tagdiff reads no more", maxValues)
		}
		if len(open) > maxNested {
			return nil, Limitf("it is nested more than %d deep, tagdiff reads no deeper", maxNested)
		}
	}
	return caseErr, nil
}

// CheckJSON returns an error for a document that must not be given to a parser:
// it has too many values, is nested too deep, or has a member twice.
func CheckJSON(raw []byte) error {
	_, err := checkJSON(raw, nil)
	return err
}

// nextShape returns the shape of the value that comes next.
func (o *object) nextShape() shape {
	if o.array {
		return o.shape
	}
	o.expectsValue = false
	return o.valueShape
}

// addName records the name of a member. caseErr is set if the name differs from
// a known one only in case.
func (o *object) addName(name string) (caseErr, err error) {
	o.expectsValue = true
	known, of := o.shape.lookup(name)
	o.valueShape = of
	if o.names == nil {
		o.names, o.spellings = map[string]bool{}, map[string]string{}
	}
	if o.names[name] {
		return nil, fmt.Errorf("it has %.40q twice, which JSON readers handle differently", name)
	}
	o.names[name] = true
	if known == "" {
		return nil, nil
	}
	first, repeated := o.spellings[known]
	o.spellings[known] = name
	if known == name {
		name = first // the spelling in another case, if there was one
	}
	if name != "" {
		caseErr = fmt.Errorf("it has %.40q, which some JSON readers treat as %q", name, known)
	}
	if repeated {
		return nil, caseErr
	}
	return caseErr, nil
}

// LimitError is the error of a document that may be valid but is beyond a limit of
// tagdiff.
type LimitError struct{ Text string }

func (e *LimitError) Error() string { return e.Text }

// Limitf formats a LimitError.
func Limitf(format string, args ...any) error { return &LimitError{fmt.Sprintf(format, args...)} }

func tooMany(n int, what string, most int) error {
	return Limitf("it has %d %s, tagdiff reads at most %d", n, what, most)
}

// PlainJSON rewords the error of encoding/json in err, if there is one, so that people
// understand it and no name of a Go type is in it.
func PlainJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		if syntax.Error() == "unexpected end of JSON input" { // encoding/json has no other mark for it
			return errors.New("it ends too early")
		}
		return errors.New("it is not JSON")
	}
	return plainJSON(err)
}

// plainJSON is PlainJSON for JSON with a value of the wrong type.
func plainJSON(err error) error {
	t, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err
	}
	if t.Field == "" {
		return fmt.Errorf("it is a JSON %.40s", t.Value)
	}
	field := t.Field
	if of, rest, ok := strings.Cut(field, "."); ok && unicode.IsUpper(rune(of[0])) { // the name of an embedded struct
		field = rest
	}
	article := "a"
	if strings.HasPrefix(t.Value, "a") || strings.HasPrefix(t.Value, "o") { // array, object
		article = "an"
	}
	return fmt.Errorf("its %.40q is %s %.40s", field, article, t.Value)
}

// LooksLikeJSON reports whether b begins like a JSON object.
func LooksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '{'
}
