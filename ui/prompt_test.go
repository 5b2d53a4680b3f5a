package ui

import (
	"testing"

	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestPrompt_errors checks that an error of the prompt is shown to its end, in 80 columns.
func TestPrompt_errors(t *testing.T) {
	for typed, want := range map[string][]string{
		"@abc":  {`"@abc" is not a reference: the text after "@" is neither a digest nor a date;`, "write @sha256:…, @2026-11-18 or @2026-11-18T14:02 (UTC)", "go to: @abc"},
		"a b c": {"3 references; give at most two images", "go to: a b c"},
		"::":    {`"localhost:5000/app::" is not a reference: a tag has at most 128 letters,`, "write", "host/repository:tag or host/repository@sha256:…"},
		"":      {"an empty reference: name a registry, a repository or an image, for example", "localhost:5000/app:tag"},
	} {
		d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app")
		d.Keys("o", typed, "enter")
		d.Sees(want...)
		d.Keys("esc")
		d.DoesNotSee("go to:")
	}
}

// TestPrompt_help: the prompt takes the commands of vi for help, which are tags in a repository if they have a colon.
func TestPrompt_help(t *testing.T) {
	for _, typed := range []string{"h", "help", ":help", ":h"} {
		d := open(t, fakereg.Retag(t), 80, 70, "localhost:5000")
		d.Keys(":", typed, "enter")
		d.Sees("Everywhere")
		d.Keys("esc")
		d.DoesNotSee("Everywhere")
	}
	d := open(t, fakereg.Retag(t), 80, 70, "localhost:5000/app")
	d.Keys(":", "help", "enter")
	d.Sees("Everywhere")
	d.Keys("esc", ":", ":help", "enter")
	d.Sees(":help  not read")
	d.Keys(":", "library/help", "enter")
	d.DoesNotSee("Everywhere")
}

// TestPrompt_noHost: a name without a host says what it means, and how to write a tag.
func TestPrompt_noHost(t *testing.T) {
	const hint = "plain2 has no host, so it means docker.io/library/plain2; for a tag of app"
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app")
	d.Keys("o", "plain2", "enter")
	d.Sees("docker.io/library/plain2", hint, "write :plain2")
	d.Keys("down")
	d.DoesNotSee(hint)
	for _, near := range []string{":prod", "localhost:5000/other", "other.example"} {
		d = open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app")
		d.Keys("o", near, "enter")
		d.DoesNotSee("has no host")
	}
}

func TestHome_errorWraps(t *testing.T) {
	d := drive(t, Options{Registry: fakereg.Retag(t)}, 80, 24)
	d.Keys("App:1", "enter")
	d.Sees(`"App:1" is not a reference: repository names are lower case; write`, "host/repository:tag or host/repository@sha256:…")
}

// TestUnusedKeys: a key without a use says so, a key with a use does not.
func TestUnusedKeys(t *testing.T) {
	const says = " does nothing here; ? lists the keys"
	for _, tt := range []struct {
		at     string
		keys   []string
		unused string // the last key
	}{
		{"localhost:5000", nil, "X"},
		{"localhost:5000/app", nil, "w"},
		{"localhost:5000/app", nil, "n"},
		{"localhost:5000/app", nil, "Z"},
		{"localhost:5000/app:prod", nil, "X"},
		{"localhost:5000/app:prod", nil, "s"}, // one image cannot be swapped
		{"localhost:5000/app:prod", []string{"3", "enter"}, "X"},
	} {
		d := open(t, fakereg.Retag(t), 80, 24, tt.at)
		d.Keys(tt.keys...)
		d.DoesNotSee(says)
		d.Keys(tt.unused)
		d.Sees(tt.unused + says)
		d.Keys("down")
		d.DoesNotSee(says)
	}
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	for _, key := range []string{"n", "N", "p", "|", "O", "h", "l", "s", "f", "x", "tab", "1", "t", "m", "y", "c"} {
		d.Keys(key)
		d.DoesNotSee(says)
	}
}

// TestHome_digits: digits of a digest have no repository, and are not sent to another registry as a name. With a host
// they are the name of a repository.
func TestHome_digits(t *testing.T) {
	for typed, want := range map[string]string{
		"b232a9a91d1f":                "b232a9a91d1f is a digest without a repository: open the repository first",
		"localhost:5000/b232a9a91d1f": "localhost:5000 › b232a9a91d1f",
		"b232a9a91d1":                 "docker.io › library/b232a9a91d1", // too short for a digest
	} {
		d := drive(t, Options{Registry: fakereg.NewRepo(map[string]string{"1": "a"})}, 120, 24)
		d.Keys(typed, "enter")
		d.Sees(want)
	}
}
