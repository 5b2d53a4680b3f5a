package command

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/report"
)

// insideFlags are the flags about what is inside layers.
type insideFlags struct {
	inside, packages, allFiles, programs bool
	maxRead                              byteSize
	accept                               string
	setsMaxRead                          bool // the user gave maxRead
}

// maxExtract is the largest file that the screen writes to disk, 0 for the usual limit.
func (f *insideFlags) maxExtract() int64 {
	if f.setsMaxRead {
		return int64(f.maxRead)
	}
	return 0
}

// defaultMaxRead limits what a report reads of layers.
const defaultMaxRead = byteSize(256_000_000)

func (f *insideFlags) define(p *pflag.FlagSet) {
	f.maxRead = defaultMaxRead
	p.BoolVar(&f.inside, "inside", false, "Read the layers that differ, of one image all, and say which files differ and why")
	p.BoolVar(&f.packages, "packages", false,
		"Like --inside, and list all packages that differ, of one image all; also read layers that only packages need")
	p.Var(&f.maxRead, "max-read", "In a report with --inside, --programs or --expect, read at most `SIZE` of layers, for example 64MB or "+
		"1GiB; on the screen, write files up to this size to disk")
	p.StringVar(&f.accept, "accept", "",
		"Like --inside, and exit with 0 if no more than `KIND` differs inside the layers: times or generated")
	p.BoolVar(&f.programs, "programs", false,
		"In a report, read the layers that differ, of one image all, and list the programs in them with their machines")
	p.BoolVar(&f.allFiles, "all-files", false, "With --inside in a report, list every file that differs, of one image all files")
}

// wantsReport reports whether a flag makes sense in a report only.
func (f *insideFlags) wantsReport() bool { return f.accept != "" || f.allFiles || f.programs }

// check refuses flags that do not fit together.
func (f *insideFlags) check(form string, refs []model.Ref, isChanged func(name string) bool, exact bool) error {
	f.setsMaxRead = isChanged("max-read")
	for _, only := range []struct {
		name  string
		set   bool
		needs string
	}{
		{"--accept", f.accept != "", "--inside"}, {"--all-files", f.allFiles, "--inside"}, {"--programs", f.programs, ""},
		{"--max-read", f.setsMaxRead && form != "tui", "--inside, --programs or --expect"},
	} {
		reads := f.reads() || only.name == "--max-read" && (f.programs || isChanged("expect"))
		switch {
		case only.set && only.needs != "" && !reads:
			return errors.New(only.name + " needs " + only.needs)
		case only.set && form == "tui":
			return errors.New(only.name + " is for reports: use -o text, markdown or json")
		}
	}
	if f.accept != "" {
		return f.checkAccept(refs, exact)
	}
	needed := ""
	switch {
	case f.packages:
		needed = "--packages"
	case f.reads():
		needed = "--inside"
	case f.programs:
		needed = "--programs"
	}
	if needed != "" && form != "tui" && len(refs) == 1 && refs[0].Names() != model.NamesManifest {
		return fmt.Errorf("%s needs an image; add a tag to %s", needed, refs[0])
	}
	return nil
}

// checkAccept refuses values of --accept, and flags that do not fit to it.
func (f *insideFlags) checkAccept(refs []model.Ref, exact bool) error {
	switch {
	case f.accept != string(diff.InsideTimes) && f.accept != string(diff.InsideGenerated):
		return fmt.Errorf("--accept %q is not a kind of difference: use times or generated", f.accept)
	case len(refs) != 2:
		return errors.New("--accept compares two images; give a second one, or leave it out")
	case exact:
		return errors.New("--accept allows differences and --exact does not; leave one out")
	}
	return nil
}

// reads reports whether layers are read.
func (f *insideFlags) reads() bool { return f.inside || f.packages || f.accept != "" }

// request returns what a report reads of layers, nil for nothing.
func (f *insideFlags) request() *report.Inside {
	if !f.reads() {
		return nil
	}
	r := &report.Inside{MaxRead: int64(f.maxRead), Accept: diff.InsideCode(f.accept), Packages: f.packages}
	if term.IsTerminal(os.Stderr.Fd()) && !isDumbTerminal() {
		r.Progress = os.Stderr
	}
	return r
}

// byteSize is the value of a flag for a number of bytes, written as 64MB or 1GiB.
type byteSize int64

// errNoSize is the error of a text that is not a size.
var errNoSize = errors.New("not a size")

func (s *byteSize) Set(text string) error {
	n, err := humanize.ParseBytes(text)
	unit := strings.TrimLeft(text, "0123456789.")
	if err != nil || n == 0 || n > math.MaxInt64 || unit == "" || strings.TrimSpace(unit) != unit || strings.ContainsAny(text, "+-, ") {
		return errNoSize
	}
	*s = byteSize(n)
	return nil
}

func (s *byteSize) String() string {
	if *s%1_000_000 == 0 {
		return fmt.Sprintf("%dMB", int64(*s)/1_000_000)
	}
	return fmt.Sprintf("%dB", int64(*s))
}

func (s *byteSize) Type() string { return "size" }
