package diff

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Expectation is the result of checking an artifact against the platforms that
// a pipeline expects.
type Expectation struct {
	Platforms []Expected // in the order of the request
	Extra     []string   // platforms that exist and were not expected: not a failure
	Failures  []Finding  // findings that make the check fail
	Warnings  []Finding  // other findings of severity 2, and stops of other platforms
	// SawPrograms is set if layers were to be read for the programs in them.
	SawPrograms bool

	unread   error  // of an unreadable image that may be one of the expected platforms
	notImage string // what the artifact is, if it has no image
}

// Expected is one platform that a pipeline expects.
type Expected struct {
	Platform string
	Manifest digest.Digest // "" if it does not exist
	Err      error         // why the image could not be read
	// Basis says what decides about the machine; "" for platforms other than Linux, and where nothing was
	// to be read. Programs says what was found.
	Basis    Basis
	Programs safe.Text
	// Undecided says why it is not known for which machine the program is that the image starts; empty if
	// that is known.
	Undecided safe.Text
}

// failAtWarning are the rules that fail the check from severity 2 on: a platform listed
// twice, an image that may be an attestation, encrypted layers, bytes or a signature that some clients refuse,
// no files. Findings of severity 3 fail it whatever their rule.
var failAtWarning = []string{"B6", "C7", "C13", "C19", "D16", "D18", "D24", "D25", "D26", "D27"}

// fails reports whether a finding makes the check fail.
func (f Finding) fails() bool {
	return f.Severity >= 3 || f.Severity == 2 && slices.Contains(failAtWarning, f.ID)
}

// ParseExpected parses a list of platforms separated by commas and returns
// their normalized names.
func ParseExpected(list string) ([]string, error) {
	var names []string
	for part := range strings.SplitSeq(list, ",") {
		switch part = strings.TrimSpace(part); {
		case part == "":
			return nil, fmt.Errorf("%q has an empty entry; remove the comma before or after it", list)
		case !strings.Contains(part, "(") && strings.ContainsAny(part, " \t"): // windows/amd64 (10.0) has a blank
			return nil, fmt.Errorf("%q is not a platform; separate platforms with commas", part)
		}
		name, err := parsePlatform(part)
		if err != nil {
			return nil, err
		}
		if os, arch, _ := strings.Cut(name, "/"); os == arch || arch == "windows" || arch == "darwin" {
			return nil, fmt.Errorf("%q is not a platform: write os/architecture, for example linux/arm64", part)
		}
		names = appendNew(names, name)
	}
	return names, nil
}

// Expect checks one artifact, as Describe returns it, against the platforms
// that it must have, as ParseExpected returns them.
func Expect(c Comparison, platforms []string) Expectation {
	var e Expectation
	images := c.A.Images()
	taken := make([]bool, len(images))
	for _, name := range platforms {
		x := Expected{Platform: name}
		for i := range images {
			if !isPlatform(&images[i], name) {
				continue
			}
			taken[i] = true
			if x.Manifest == "" {
				x.Manifest, x.Err = images[i].Descriptor.Digest, images[i].Err
			}
		}
		c.setBasis(&x)
		e.Platforms = append(e.Platforms, x)
	}
	for i := range images {
		switch name := nameOf(images[i]); {
		case taken[i]:
		case name == "" && lacksPart(images[i].Err) && !model.IsMissing(images[i].Err): // its config, which names its platform
			e.mayBe(images[i])
		case name == "" && images[i].Err != nil && !lacksPart(images[i].Err):
			e.unread = cmp.Or(e.unread, images[i].Err)
		default:
			e.Extra = append(e.Extra, orNone(name))
		}
	}
	for _, inner := range unreadInner(*c.A) {
		if !model.IsMissing(inner.Err) {
			e.unread = cmp.Or(e.unread, inner.Err)
		}
	}
	if len(images) == 0 {
		nameA, _ := c.names()
		e.notImage = nameA + " has " + contents(*c.A, nil)
	}
	e.Failures, e.Warnings = expectedFindings(c, platforms)
	return e
}

// expectedFindings returns the findings that fail the check and the warnings. What concerns only
// other platforms does not fail it: stops of those are warnings.
func expectedFindings(c Comparison, platforms []string) (failures, warnings []Finding) {
	isOfOthers := func(f Finding) bool { return c.isAboutOthers(f, platforms) }
	ofOthers := matching(c.Findings, isOfOthers)
	all := slices.DeleteFunc(slices.Clone(c.Findings), isOfOthers)
	for _, p := range c.Pairs {
		if mayBeOneOf(*p.A, platforms) {
			all = append(all, p.Findings...)
			continue
		}
		ofOthers = append(ofOthers, mappedTo(matching(p.Findings, isStop), func(f Finding) Finding {
			f.onlyOf = p.Platform
			return f
		})...)
	}
	all = firstOfEach(all)
	stray := strayAs(*c.A, platforms)
	fails := func(f Finding) bool { return f.fails() || stray && f.ID == "C16" && f.Severity >= 2 }
	failures = matching(all, fails)
	warnings = firstOfEach(slices.Concat(matching(all, func(f Finding) bool { return !fails(f) }), ofOthers))
	warnings = matching(warnings, func(f Finding) bool { return f.Severity >= 2 })
	sortFindings(failures)
	sortFindings(warnings)
	return failures, warnings
}

// isAboutOthers reports whether all evidence of a finding is entries for other platforms. One that doubts the
// base of several platforms (C4) is not about those whose programs were seen to be right.
func (c Comparison) isAboutOthers(f Finding, platforms []string) bool {
	isOfOne := func(e model.Entry) bool { return mayBeOneOf(e, platforms) && !(f.ID == "C4" && c.hasRightPrograms(e)) }
	isOfExpected := func(ev Evidence) bool {
		entries := matching(c.A.Entries, func(e model.Entry) bool { return e.Descriptor.Digest == ev.Digest })
		return len(entries) == 0 || slices.ContainsFunc(entries, isOfOne)
	}
	return len(f.Evidence) > 0 && !slices.ContainsFunc(f.Evidence, isOfExpected)
}

// ImagesOf returns the images of A for some platforms. An image without a platform may be for any.
func (c Comparison) ImagesOf(platforms []string) []model.Entry {
	return matching(c.A.Images(), func(e model.Entry) bool { return mayBeOneOf(e, platforms) })
}

// mayBeOneOf reports whether an entry is for one of some platforms, or has none and may be for any.
func mayBeOneOf(e model.Entry, platforms []string) bool {
	return nameOf(e) == "" || slices.ContainsFunc(platforms, func(platform string) bool { return isPlatform(&e, platform) })
}

// strayAs reports whether an index lists an artifact as one of some platforms, though not for
// clients that look for it. Not all clients take the first entry for a platform, so that an
// artifact beside the image is as wrong as a second image (C7).
func strayAs(a model.Artifact, platforms []string) bool {
	for i := range a.Entries {
		isEntry := func(platform string) bool { return isPlatform(&a.Entries[i], platform) }
		if l, ok := listedAt(&a, i); ok && !l.meant && slices.ContainsFunc(platforms, isEntry) {
			return true
		}
	}
	return false
}

// firstOfEach returns the findings without those that say the same of another platform.
func firstOfEach(found []Finding) []Finding {
	alike := grouped(found, func(f Finding) string { return f.ID + " " + f.Essence() })
	return mappedTo(alike, func(same []Finding) Finding { return same[0] })
}

// mayBe takes an image of an unknown platform for those that were not found: it is not known
// that they are missing.
func (e *Expectation) mayBe(image model.Entry) {
	for i, x := range e.Platforms {
		if x.Manifest == "" {
			e.Platforms[i].Manifest, e.Platforms[i].Err = image.Descriptor.Digest, image.Err
		}
	}
}

// lacksPart reports whether an image could not be read since the registry lacks its manifest or
// config. That is a finding, C11 or D8.
func lacksPart(err error) bool {
	t, ok := errors.AsType[*model.ReadError](err)
	return ok && (t.Missing || t.MissingBlob != "")
}

// UnknownPlatform returns an error if an expected platform is missing and its operating system
// or architecture is probably a typo: neither Go nor OCI knows it.
func (e Expectation) UnknownPlatform(c Comparison) error {
	missing := e.missing()
	if e.Unread() != nil {
		missing = nil // the image may have them
	}
	for _, name := range missing {
		if part, kind, unknown := UnknownPart(name); unknown {
			return fmt.Errorf("--expect names %s, but %q is not a known %s; the image has %s", name, part, kind, c.platformNames())
		}
	}
	return nil
}

// UnknownPart returns the first part of the normalized name of a platform that neither Go nor OCI knows, and what it should
// be: an operating system or an architecture. unknown is false if both are known.
func UnknownPart(name string) (part, kind string, unknown bool) {
	base, _, _ := strings.Cut(name, " (")
	for i, part := range strings.Split(base, "/") {
		if i > 1 { // the variant
			break
		}
		if _, err := platforms.Parse(part); err != nil && part != "wasi" { // Wasm images of before wasip1 have it
			return part, [2]string{"operating system", "architecture"}[i], true
		}
	}
	return "", "", false
}

// Met reports whether all platforms exist, could be read, no finding fails the check, and it is known
// for which machines the programs are that the images start.
func (e Expectation) Met() bool {
	return len(e.Failures) == 0 && len(e.missing()) == 0 && e.Unread() == nil && len(e.undecided()) == 0
}

// undecided are the platforms of which it is not known for which machine the start program is.
func (e Expectation) undecided() []Expected {
	return matching(e.Platforms, func(x Expected) bool { return e.SawPrograms && !x.Undecided.IsEmpty() })
}

// Undecided returns an error if only that is wrong with the images that it is not known for which machines
// the programs are that they start.
func (e Expectation) Undecided() error {
	undecided := e.undecided()
	if len(undecided) == 0 || len(e.Failures) > 0 || len(e.missing()) > 0 {
		return nil
	}
	x := undecided[0]
	return fmt.Errorf("--expect: what %s starts is not decided: %s", x.Platform, x.Undecided)
}

func (e Expectation) missing() []string {
	return mapped(matching(e.Platforms, func(x Expected) bool { return x.Manifest == "" }), platformOf)
}

func platformOf(x Expected) string { return x.Platform }

// Unread returns the error of an expected platform that could not be read, nil
// if there is none. A manifest or config that the registry does not have counts as missing,
// not as unreadable: findings C11 and D8.
func (e Expectation) Unread() error {
	for _, x := range e.Platforms {
		if x.Err != nil && !lacksPart(x.Err) {
			return x.Err
		}
	}
	return e.unread
}

// Headline returns the result in one sentence.
func (e Expectation) Headline() safe.Text {
	missing := e.missing()
	switch {
	case e.Unread() != nil:
		return safe.Const("Unknown: an image could not be read")
	case e.notImage != "":
		return safe.Sprintf("Not as expected: %s", e.notImage)
	case len(missing) > 0 && len(e.Failures) > 0:
		return safe.Sprintf("Not as expected: %s %s missing, and %s", list(missing), isAre(len(missing)), failuresText(e.Failures))
	case len(missing) > 0:
		return safe.Sprintf("Not as expected: %s %s missing", list(missing), isAre(len(missing)))
	case len(e.Failures) > 0 && slices.ContainsFunc(e.Platforms, func(x Expected) bool { return x.Err != nil }):
		return safe.Sprintf("Not as expected: %s", failuresText(e.Failures))
	case len(e.Failures) > 0:
		return safe.Sprintf("Not as expected: all platforms exist, but %s", failuresText(e.Failures))
	case len(e.undecided()) > 0:
		x := e.undecided()[0]
		return safe.Sprintf("Not decided: it is not known for which machine the program is that %s starts: %s", x.Platform, x.Undecided)
	case len(e.Warnings) > 0:
		return safe.Sprintf("As expected%s, but %s", e.labelsText(), warningsText(e.Warnings))
	}
	return safe.Sprintf("As expected%s: %s", e.labelsText(), list(mapped(e.Platforms, platformOf)))
}

// labelsText says that no program confirms the label of a platform, if that is so.
func (e Expectation) labelsText() string {
	switch byLabels := e.byLabels(); {
	case !e.SawPrograms || len(byLabels) == 0:
		return ""
	case len(byLabels) == len(e.Platforms):
		return ", by labels alone"
	default:
		return ", " + list(byLabels) + " by labels alone"
	}
}

// failuresText names the findings that fail the check, and says the first ones.
func failuresText(failures []Finding) safe.Text {
	const said = 2
	parts := mappedTo(failures[:min(len(failures), said)], func(f Finding) safe.Text { return safe.Sprintf("%s (%s)", f.short(), f.ID) })
	text := safe.Join(parts, "; ")
	if n := len(failures) - said; n > 0 {
		text = safe.Sprintf("%s; and %d more", text, n)
	}
	if len(failures) == 1 {
		return safe.Sprintf("one finding fails the check: %s", text)
	}
	return safe.Sprintf("%d findings fail the check: %s", len(failures), text)
}

// short returns a finding in few words, or its first sentence.
func (f Finding) short() safe.Text {
	if !f.Lead.IsEmpty() {
		return f.Lead
	}
	first, _, _ := strings.Cut(f.Text.String(), ". ")
	return safe.Clean(strings.TrimSuffix(first, "."))
}

// warningsText names the warnings, each rule once.
func warningsText(warnings []Finding) safe.Text {
	names := distinct(warnings, func(f Finding) safe.Text {
		if f.onlyOf != "" {
			return safe.Sprintf("%s %s of %s (not expected)", f.ID, f.Name, f.onlyOf)
		}
		return safe.Sprintf("%s %s", f.ID, f.Name)
	})
	return safe.Sprintf("%s: %s", plural(len(names), "warning"), safe.Join(names, ", "))
}
