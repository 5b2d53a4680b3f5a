package report

import (
	"debug/elf"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/program/programtest"
)

// aProgram is an executable file for a machine.
func aProgram(name string, machine elf.Machine) insidetest.Item {
	return aFile(name, string(programtest.ELF{Machine: machine}.Bytes())).As(0o755, 0, 0)
}

// aScript is an executable text.
func aScript(name, text string) insidetest.Item { return aFile(name, text).As(0o755, 0, 0) }

// programImage is a registry with one image for amd64, as the tag a, whose start program is in its last layer.
func programImage(t *testing.T, start []string, held items) insides {
	t.Helper()
	s := insides{artifacts{}, map[digest.Digest]items{}, map[digest.Digest]error{}, new([]digest.Digest)}
	base := heldStep{step{text: "ADD base.tar /", files: "base", size: 29_000_000}, items{aProgram("bin/sh", elf.EM_X86_64)}}
	app := heldStep{step{text: "COPY run /app/run", files: "app", size: 1_000_000}, held}
	s.put(t, "a", map[string]any{"Entrypoint": start}, base, app)
	return s
}

// TestExpect_programs checks what decides for which machine an image is.
func TestExpect_programs(t *testing.T) {
	const (
		run        = "/app/run"
		proc       = "/proc/self/cwd/x"
		notDecided = "Not decided: it is not known for which machine the program is that linux/amd64 starts: "
		notRead    = "/app/run may be in a layer that was not read to its end (--max-read sets how much is read)"
	)
	for _, tt := range []struct {
		name     string
		start    []string
		held     items
		maxRead  int64
		met      bool
		headline string
		basis    string
		asked    int // layers
	}{
		{"the right program", []string{run}, items{aProgram("app/run", elf.EM_X86_64)}, 256e6, true, "As expected", "start", 1},
		{"a program for another machine", []string{run}, items{aProgram("app/run", elf.EM_AARCH64)}, 256e6, false,
			"Not as expected: all platforms exist, but one finding fails the check: linux/amd64 of :a starts a program for arm64 (C5)", "start", 1},
		{"its first bytes alone", []string{run}, items{aProgram("app/run", elf.EM_AARCH64)}, 10, false,
			"Not as expected: all platforms exist, but one finding fails the check: linux/amd64 of :a starts a program for arm64 (C5)", "start", 1},
		{"nothing is started", nil, items{aFile("app/x", "")}, 256e6, true, "As expected", "programs", 1},
		{"an interpreter", []string{run}, items{aScript("app/run", "#!/bin/sh\n")}, 256e6, true, "As expected", "start", 2},
		{"what env starts", []string{"/app/env", "A=1", run}, items{aProgram("app/env", elf.EM_X86_64), aProgram("app/run", elf.EM_AARCH64)}, 256e6, false,
			"Not as expected: all platforms exist, but one finding fails the check: linux/amd64 of :a starts a program for arm64 (C5)", "start", 1},
		{"an unknown format", []string{run}, items{aScript("app/run", "echo")}, 256e6, false,
			notDecided + "/app/run is not a program that Linux starts by itself", "programs", 2},
		{"below /proc, and all programs run", []string{proc}, items{aFile("x", "")}, 256e6, true, "As expected", "programs", 2},
		{"below /proc, and one is for another machine", []string{proc}, items{aProgram("x", elf.EM_AARCH64)}, 256e6, false,
			notDecided + proc + " is where a container has other files than its image", "programs", 2},
		{"two entries", []string{run}, items{aProgram("app/run", elf.EM_AARCH64), aProgram("app/run", elf.EM_X86_64)}, 256e6, false,
			notDecided + "runtimes can unpack different files at /app/run", "programs", 1},
		{"no layer can be read", []string{run}, nil, 256e6, false, notDecided + notRead, "labels", 2},
		{"no layer can be read, and nothing is started", nil, nil, 256e6, true, "As expected, by labels alone", "labels", 2},
	} {
		s := programImage(t, tt.start, tt.held)
		if tt.held == nil {
			s.held = map[digest.Digest]items{} // no layer can be read
			for _, files := range []string{"base", "app"} {
				s.fails[digest.FromString("packed "+files)] = errors.New("cannot be read")
			}
		}
		out, notes, met, err := s.write(t, Request{Format: "json", Expect: []string{"linux/amd64"}, Programs: &Programs{MaxRead: tt.maxRead}}, "a")
		var got struct {
			Expect struct {
				Headline  string
				Platforms []struct{ Basis string }
			}
		}
		errJSON := json.Unmarshal([]byte(out), &got)
		if isError := err != nil; errJSON != nil || isError != strings.HasPrefix(tt.headline, notDecided) {
			t.Fatal(tt.name, err, errJSON)
		}
		headline, _, _ := strings.Cut(got.Expect.Headline, ", but 1 warning")
		if met != tt.met || headline != tt.headline || got.Expect.Platforms[0].Basis != tt.basis || len(*s.asked) != tt.asked {
			t.Errorf("%s: %t, %+v, asked %q", tt.name, met, got.Expect, *s.asked)
		}
		if (tt.basis == "labels") != strings.Contains(notes, "cannot be read") {
			t.Errorf("%s: notes %q", tt.name, notes)
		}
	}
}

// TestProgramList checks the plain list, and that a report without the flag has none.
func TestProgramList(t *testing.T) {
	s := programImage(t, []string{"/app/run"}, items{aProgram("app/run", elf.EM_AARCH64), aFile("app/x.sh", "#!/bin/sh\n")})
	out, _, _, err := s.write(t, Request{Programs: &Programs{MaxRead: 256e6, List: true}, Options: Options{Programs: true}}, "a")
	if want := "linux/amd64\tamd64\tELF\t-\t/bin/sh\nlinux/amd64\tarm64\tELF\tstarts\t/app/run\n"; out != want || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	*s.asked = nil
	out, _, _, err = s.write(t, Request{Programs: &Programs{MaxRead: 256e6}}, "a")
	if strings.Contains(out, "ELF") || len(*s.asked) > 0 || err != nil {
		t.Errorf("%q after %q, %v", out, *s.asked, err)
	}
}

// TestProgramList_comparison has the programs of both sides in JSON.
func TestProgramList_comparison(t *testing.T) {
	s := twoBuilds(t, items{aProgram("app/run", elf.EM_X86_64)}, items{aProgram("app/run", elf.EM_AARCH64)}, "x", "x")
	out, _, _, err := s.write(t, Request{Format: "json", Programs: &Programs{MaxRead: 256e6, List: true}, Options: Options{Programs: true}}, "a", "b")
	var got struct {
		Platforms []struct {
			Programs []struct{ Side, Path, Machine, How string }
		}
	}
	if errJSON := json.Unmarshal([]byte(out), &got); err != nil || errJSON != nil {
		t.Fatal(err, errJSON)
	}
	want := []struct{ Side, Path, Machine, How string }{{"a", "app/run", "amd64", "full"}, {"b", "app/run", "arm64", "full"}}
	if !slices.Equal(got.Platforms[0].Programs, want) {
		t.Errorf("%+v", got.Platforms[0].Programs)
	}
}
