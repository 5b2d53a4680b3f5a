package config

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// node is a part of the YAML document.
type node struct{ yaml *yaml.Node }

// load returns the document of a text. An empty text is an empty document.
func load(text []byte) (node, *Mistake) {
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return node{}, notYAML(err)
	}
	var document, second yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF), err == nil && len(document.Content) == 0:
		return node{}, nil
	case err != nil:
		return node{}, notYAML(err)
	}
	if err := loader.Load(&second); err == nil {
		return node{}, &Mistake{second.Line, "a second document begins here: write all settings in one"}
	} else if !errors.Is(err, io.EOF) {
		return node{}, notYAML(err)
	}
	return node{document.Content[0]}, nil
}

// notYAML returns the mistake for an error of the YAML library.
func notYAML(err error) *Mistake {
	if bad, ok := errors.AsType[*yaml.LoadError](err); ok {
		return &Mistake{bad.Mark.Line, "this is not YAML: " + bad.Message}
	}
	return &Mistake{Text: "this is not YAML: " + err.Error()}
}

// isEmpty reports whether n has no value: an empty document, or NAME: without more.
func (n node) isEmpty() bool {
	return n.yaml == nil || n.yaml.Kind == yaml.ScalarNode && n.yaml.Value == ""
}

func (n node) line() int { return n.yaml.Line }

// text returns a single value as the file has it: y stays y. It reports false for anything else.
func (n node) text() (string, bool) {
	if n.isEmpty() || n.yaml.Kind != yaml.ScalarNode {
		return "", false
	}
	return n.yaml.Value, true
}

// quoted returns n for a mistake.
func (n node) quoted() string {
	switch text, ok := n.text(); {
	case ok:
		return quoted(text)
	case n.isEmpty():
		return "empty"
	case n.yaml.Kind == yaml.SequenceNode:
		return "a list"
	case n.yaml.Kind == yaml.AliasNode:
		return "an alias of YAML"
	}
	return "a block of settings"
}

// items returns the values of a list, or a single value.
func (n node) items() []node {
	if n.yaml.Kind != yaml.SequenceNode {
		return []node{n}
	}
	items := make([]node, len(n.yaml.Content))
	for i, item := range n.yaml.Content {
		items[i] = node{item}
	}
	return items
}

// mapping calls do with each setting of n. path is the setting that n is the value of, "" for the document.
func (p *parser) mapping(n node, path string, do func(name string, line int, value node)) {
	switch {
	case n.isEmpty():
		return
	case n.yaml.Kind != yaml.MappingNode:
		p.mistake(n.line(), "%s: write lines of NAME: VALUE", strings.TrimPrefix(path+" is "+n.quoted(), " is "))
		return
	}
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		key := node{n.yaml.Content[i]}
		name, ok := key.text()
		full := path + "." + name
		switch {
		case !ok:
			p.mistake(key.line(), "the name of a setting cannot be %s", key.quoted())
		case p.lines[full] > 0:
			p.mistake(key.line(), "%s is set twice: line %d counts", quoted(name), p.lines[full])
		default:
			p.lines[full] = key.line()
			do(name, key.line(), node{n.yaml.Content[i+1]})
		}
	}
}
