package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// step is one instruction of a Dockerfile: its text, its layer if it made one,
// and its effect on the settings.
type step struct {
	op, text string
	layer    *layer
	set      func(*v1.ImageConfig)
	args     []string // build arguments of a RUN
	verbatim bool     // text is the whole history entry
}

// made is the step with its layer.
func (s step) made(l layer) step {
	s.layer = &l
	return s
}

func run(command string, l layer) step { return step{op: "RUN", text: command}.made(l) }

// given is the step with build arguments.
func (s step) given(args ...string) step {
	s.args = args
	return s
}

// copied is COPY; what is "source… destination".
func copied(what string, l layer) step { return step{op: "COPY", text: what}.made(l) }

// added is ADD.
func added(what string, l layer) step { return step{op: "ADD", text: what}.made(l) }

// recorded is a step with the text of another builder.
func recorded(createdBy string, l layer) step {
	return step{text: createdBy, verbatim: true}.made(l)
}

func env(name, value string) step {
	return step{op: "ENV", text: name + "=" + value, set: func(c *v1.ImageConfig) {
		c.Env = slices.DeleteFunc(slices.Clone(c.Env), func(e string) bool { return strings.HasPrefix(e, name+"=") })
		c.Env = append(c.Env, name+"="+value)
	}}
}

func workdir(dir string) step {
	return step{op: "WORKDIR", text: dir, set: func(c *v1.ImageConfig) { c.WorkingDir = dir }}
}

func user(name string) step {
	return step{op: "USER", text: name, set: func(c *v1.ImageConfig) { c.User = name }}
}

func label(name, value string) step {
	return step{op: "LABEL", text: name + "=" + value, set: func(c *v1.ImageConfig) {
		c.Labels = maps.Clone(c.Labels)
		if c.Labels == nil {
			c.Labels = map[string]string{}
		}
		c.Labels[name] = value
	}}
}

func arg(name string) step { return step{op: "ARG", text: name} }

func expose(port string) step {
	return step{op: "EXPOSE", text: port, set: func(c *v1.ImageConfig) {
		c.ExposedPorts = maps.Clone(c.ExposedPorts)
		if c.ExposedPorts == nil {
			c.ExposedPorts = map[string]struct{}{}
		}
		c.ExposedPorts[port+"/tcp"] = struct{}{}
	}}
}

func cmd(words ...string) step {
	return step{op: "CMD", text: jsonList(words), set: func(c *v1.ImageConfig) { c.Cmd = words }}
}

func entrypoint(words ...string) step {
	return step{op: "ENTRYPOINT", text: jsonList(words), set: func(c *v1.ImageConfig) { c.Entrypoint = words }}
}

func jsonList(words []string) string {
	b, err := json.Marshal(words)
	must(err)
	return string(b)
}

// buildkit is the history text that BuildKit writes.
func (s step) buildkit() string {
	switch s.op {
	case "RUN":
		return "RUN " + s.shell() + " # buildkit"
	case "COPY", "ADD":
		return s.op + " " + s.text + " # buildkit"
	case "EXPOSE":
		return "EXPOSE map[" + s.text + "/tcp:{}]"
	}
	return s.op + " " + s.text
}

// classic is the history text of docker's first builder: a hash for copied
// content, and #(nop) for steps without a command.
func (s step) classic() string {
	switch s.op {
	case "RUN":
		return s.shell()
	case "COPY", "ADD":
		from, to := s.text[:strings.LastIndex(s.text, " ")], s.text[strings.LastIndex(s.text, " ")+1:]
		kind := "file"
		if from == "." || strings.HasSuffix(from, "/") {
			kind = "dir"
		}
		return "/bin/sh -c #(nop) " + s.op + " " + kind + ":" + s.layer.diffID.Encoded() + " in " + to + " "
	case "WORKDIR":
		return "/bin/sh -c #(nop) WORKDIR " + s.text
	}
	return "/bin/sh -c #(nop)  " + s.op + " " + s.text
}

// shell is the command line of a RUN, with its build arguments before it.
func (s step) shell() string {
	line := "/bin/sh -c " + s.text
	if len(s.args) > 0 {
		line = "|" + strconv.Itoa(len(s.args)) + " " + strings.Join(s.args, " ") + " " + line
	}
	return line
}
